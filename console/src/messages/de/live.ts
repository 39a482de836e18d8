/** The live picture, its timeline and the cut, in German. */

import type { live as en } from '../en/live.ts';

export const live = {
  picture: 'Livebild',
  timeline: 'Zeitleiste',
  cut: 'Schneiden',
} satisfies typeof en;
