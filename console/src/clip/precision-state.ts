/** How precisely the media of a clip of a live stream is cut. */

import { type Clip, isOnItsWay, remakeOf } from './clip.ts';

/**
 * `exact`: it has the requested frames. `following`: it will have them. `missing`: they were asked for,
 * but not made. `segments`: it has the segments that contain the window.
 */
export type PrecisionState = 'exact' | 'following' | 'missing' | 'segments';

/** How precisely a clip is cut. Nothing for files, and for clips without media. */
export function precisionStateOf(clip: Clip): PrecisionState | undefined {
  if (clip.source !== 'live') return undefined;
  if (clip.precision === 'frame') return 'exact';
  if (clip.status === 'failed' || clip.status === 'deleting') return undefined;
  if (clip.requestedPrecision !== 'frame') return 'segments';
  const remake = remakeOf(clip);
  const isFollowing = isOnItsWay(clip) || (remake && remake.status !== 'failed');
  return isFollowing ? 'following' : 'missing';
}
