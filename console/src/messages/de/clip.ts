/** The list of clips and an opened clip, in German. */

import type { clip as en } from '../en/clip.ts';

export const clip = {
  untitled: 'Ohne Titel',
  didCut: (length: string, time: string) => `${length} um ${time} geschnitten`,
  didDelete: (title: string) => `„${title}“ gelöscht`,
} satisfies typeof en;
