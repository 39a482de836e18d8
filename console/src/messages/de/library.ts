/** The library screen, in German. */

import type { library as en } from '../en/library.ts';

export const library = {} satisfies typeof en;
