/** The channels at the top of the console, in German. */

import type { channel as en } from '../en/channel.ts';

export const channel = {} satisfies typeof en;
