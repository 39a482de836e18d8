/** Where the cut-out of an export lies on the picture of its clip. */

import type { Schema } from '../api/client.ts';

/** The aspect ratio of an export. */
export type Aspect = Schema<'Aspect'>;

/** The aspect ratios, in the order in which they are offered. */
export const ASPECTS: readonly Aspect[] = ['source', '16:9', '9:16', '1:1', '4:5'];

/** A cut-out: the part of the picture that it shows, and the direction in which it can be moved. */
export interface CutOut {
  /** `none`: the whole picture is shown. */
  readonly moves: 'across' | 'down' | 'none';
  /** The part of the width or of the height that is shown, from 0 to 1. */
  readonly share: number;
}

/** A cut-out that shows nearly all of the picture has nothing to choose. */
const WHOLE = 0.99;

/** The cut-out of an aspect ratio, as large as the picture allows. `picture` is width by height. */
export function cutOutOf(aspect: Aspect, picture: number): CutOut {
  const [across, down] = aspect.split(':').map(Number);
  if (!across || !down || !picture) return { moves: 'none', share: 1 };
  const wanted = across / down;
  const share = Math.min(wanted / picture, picture / wanted);
  if (share > WHOLE) return { moves: 'none', share: 1 };
  return { moves: wanted < picture ? 'across' : 'down', share };
}

/** Where the cut-out begins, as a part of the width or of the height. */
export function offsetOf(crop: number, { share }: CutOut): number {
  return crop * (1 - share);
}

/** The crop after the cut-out was dragged by a part of the width or of the height. */
export function dragged(crop: number, by: number, { share }: CutOut): number {
  return share >= 1 ? crop : limit(crop + by / (1 - share));
}

/** The crop after a key, if the key moves the cut-out. Arrow keys of both directions do. */
export function movedByKey(crop: number, key: string, isFast: boolean): number | undefined {
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[key];
  if (step) return limit(crop + (step * (isFast ? 10 : 1)) / 100);
  return { Home: 0, End: 1 }[key];
}

/** A crop within the contract's limits, in whole thousandths. */
function limit(crop: number): number {
  return Math.round(Math.min(1, Math.max(0, crop)) * 1000) / 1000;
}
