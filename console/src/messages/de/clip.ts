/** The list of clips and an opened clip, in German. */

import type { clip as en } from '../en/clip.ts';

export const clip = {} satisfies typeof en;
