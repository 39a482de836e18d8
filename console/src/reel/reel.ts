/** A reel before it is made: its clips and their order. */

import type { Schema } from '../api/client.ts';
import type { Clip } from '../clip/clip.ts';
import { lengthOfRow, startOfRow } from '../clip/row-state.ts';

/** Fewest clips of a reel. The service would copy a single one. */
export const MIN_PARTS = 2;
/** Most clips of a reel, as the service takes them. */
export const MAX_PARTS = 50;

/** The request for a reel. */
export type ReelRequest = Schema<'ReelRequest'>;
/** Why the service would refuse a reel. */
export type ReelProblem = 'too-few' | 'too-many' | 'not-ready';

/** Where a row of a list is on the screen, from top to bottom. */
export interface Extent {
  readonly top: number;
  readonly bottom: number;
}

/** The clips in the order in which they happened. */
export function byTime(clips: readonly Clip[]): Clip[] {
  const start = (clip: Clip) => startOfRow({ key: clip.clip, clip });
  const made = ({ createdAt }: Clip) => Date.parse(createdAt);
  return clips.toSorted((one, other) => start(one) - start(other) || made(one) - made(other));
}

/** The items with one of them at another place. A place beyond the ends is the first or the last one. */
export function moved<T>(items: readonly T[], from: number, to: number): readonly T[] {
  const place = Math.min(Math.max(to, 0), items.length - 1);
  const item = items[from];
  if (item === undefined || place === from) return items;
  return items.toSpliced(from, 1).toSpliced(place, 0, item);
}

/** The place to which a row is dragged: below the rows whose middle is above the pointer. */
export function placeAt(pointer: number, others: readonly Extent[]): number {
  return others.filter(({ top, bottom }) => (top + bottom) / 2 < pointer).length;
}

export function problemOf(parts: readonly Clip[]): ReelProblem | undefined {
  if (parts.length < MIN_PARTS) return 'too-few';
  if (parts.length > MAX_PARTS) return 'too-many';
  return parts.every(({ status }) => status === 'ready') ? undefined : 'not-ready';
}

/** How long the reel plays, in ms. */
export function lengthOf(parts: readonly Clip[]): number {
  return parts.reduce((sum, clip) => sum + (lengthOfRow({ key: clip.clip, clip }) ?? 0), 0);
}

/** The place of the clip that a refusal names: 3 of `clips[3]`. */
export function refusedPlace(field: string | undefined): number | undefined {
  const place = field?.match(/^clips\[(\d+)\]$/)?.[1];
  return place === undefined ? undefined : Number(place);
}
