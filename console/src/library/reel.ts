/** A reel of chosen clips. */

import type { Schema } from '../api/client.ts';
import type { Clip } from '../clip/clip.ts';
import { startOfRow } from '../clip/row-state.ts';

/** Most clips of a reel, as the service takes them. */
export const MAX_PARTS = 50;

/** The request for a reel, with the clips by time. `undefined` if the service would refuse it. */
export function reelOf(chosen: readonly Clip[], title: string): Schema<'ReelRequest'> | undefined {
  const areReady = chosen.every(({ status }) => status === 'ready');
  if (chosen.length < 2 || chosen.length > MAX_PARTS || !areReady) return undefined;
  const start = (clip: Clip) => startOfRow({ key: clip.clip, clip });
  const made = ({ createdAt }: Clip) => Date.parse(createdAt);
  const byTime = (one: Clip, other: Clip) => start(one) - start(other) || made(one) - made(other);
  return { clips: chosen.toSorted(byTime).map(({ clip }) => clip), title };
}
