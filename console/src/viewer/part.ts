/** The part of a clip's media that the operator asked for. */

import type { Schema } from '../api/client.ts';

/** A clip as public replies show it. */
export type Clip = Schema<'Clip'>;

/**
 * A part of the media, in seconds from its first frame. Without an `end` the part reaches to the
 * end of the media.
 */
export interface Part {
  readonly start: number;
  readonly end?: number;
}

/**
 * The part that was asked for. The media is wider: it has whole segments, `actual`. Files have no
 * requested window: all of their media is shown.
 */
export function requestedPart({ requested, actual }: Pick<Clip, 'requested' | 'actual'>): Part {
  if (!requested || !actual) return { start: 0 };
  const seconds = (time: string) => (Date.parse(time) - Date.parse(actual.start)) / 1000;
  const start = Math.max(0, seconds(requested.start));
  const end = seconds(requested.end);
  // Media that ends where the part ends needs no stop.
  if (end >= actual.durationSeconds || end <= start) return { start };
  return { start, end };
}

/** How long the part plays, in seconds. Unknown until the bounds of the clip are. */
export function partSeconds(clip: Pick<Clip, 'requested' | 'actual'>): number | undefined {
  const { requested, actual } = clip;
  if (requested) return (Date.parse(requested.end) - Date.parse(requested.start)) / 1000;
  return actual?.durationSeconds;
}

/** When the clip begins, in ms since 1970: its requested start, or the `at` of its file. */
export function startOf({ requested, actual, createdAt }: Clip): number {
  return Date.parse(requested?.start ?? actual?.start ?? createdAt);
}
