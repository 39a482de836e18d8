/** Says what a new start and end of a ready clip would do, before they are saved. */

import type { Channel } from '../channel/channels.svelte.ts';
import type { Clip } from '../clip/clip.ts';
import { MAX_MEDIA_ATTEMPTS, wantedWindow } from '../clip/clip.ts';
import { windowProblem } from '../live/bounds.ts';
import type { Stretch } from '../live/segment.ts';
import type { Holding } from '../live/windows.ts';

/** Shortest clip after a trim, in ms. */
export const MIN_LENGTH_MS = 1_000;
/** How far the timeline reaches beyond the media, in ms, if the channel keeps it. */
export const BEYOND_MS = 10_000;

/** What the channel of a clip still keeps. */
export interface Kept extends Holding {
  readonly segmentMs: number;
}

/**
 * `inside`: the window moves within the media, at once. `beyond`: the clip is harvested again.
 *
 * A clip with exact frames gets new ones (`inside-exact`, `beyond-exact`). They are made of its segments,
 * as far as these reach. Only the service knows how far that is. `beyond-own`: a harvest is impossible,
 * so the segments decide.
 */
export type TrimEffect =
  | 'none'
  | 'inside'
  | 'inside-exact'
  | 'beyond'
  | 'beyond-exact'
  | 'beyond-own';

/** Why the service would refuse a window. */
export type TrimProblem =
  | 'too-short'
  | 'too-long'
  | 'too-short-beyond'
  | 'not-kept'
  | 'not-aired'
  | 'too-often';

/** What saving a window would do. */
export interface Outlook {
  readonly effect: TrimEffect;
  readonly problem?: TrimProblem;
}

/** Whether the start and the end of a clip can be moved. */
export function canTrim(clip: Clip): boolean {
  return clip.status === 'ready' && !!clip.requested && !!clip.actual;
}

/** A window of the contract in ms since 1970. */
export function stretchOf({ start, end }: { start: string; end: string }): Stretch {
  return { start: Date.parse(start), end: Date.parse(end) };
}

export function isSameStretch(one: Stretch, other: Stretch): boolean {
  return one.start === other.start && one.end === other.end;
}

/** What a channel still keeps. Nothing, if it is not configured any more or has not aired. */
export function keptBy(channel: Channel | undefined): Kept | undefined {
  if (!channel?.window) return undefined;
  const { start, end } = stretchOf(channel.window);
  const startoverMs = channel.startoverSeconds * 1000;
  const segmentMs = (channel.segmentSeconds ?? 2) * 1000;
  return { oldest: Math.max(start, end - startoverMs), edge: end, startoverMs, segmentMs };
}

/** What saving a window of a clip would do. */
export function outlookOf(window: Stretch, clip: Clip, kept: Kept | undefined): Outlook {
  const { actual } = clip;
  const wanted = wantedWindow(clip);
  if (!actual || !wanted || isSameStretch(window, stretchOf(wanted))) return { effect: 'none' };
  const media = stretchOf(actual);
  const isInside = window.start >= media.start && window.end <= media.end;
  const isExact = clip.requestedPrecision === 'frame';
  if (isInside) {
    const isMade = isExact && !isSameStretch(window, media) && clip.attempt < MAX_MEDIA_ATTEMPTS;
    const problem = isTooShort(window) ? 'too-short' : undefined;
    return { effect: isMade ? 'inside-exact' : 'inside', ...(problem && { problem }) };
  }
  const problem = isTooShort(window) ? 'too-short' : problemBeyond(window, clip, kept);
  if (isExact && (problem === 'not-kept' || problem === 'too-short-beyond')) {
    return { effect: 'beyond-own' };
  }
  return { effect: isExact ? 'beyond-exact' : 'beyond', ...(problem && { problem }) };
}

function problemBeyond(
  window: Stretch,
  clip: Clip,
  kept: Kept | undefined,
): TrimProblem | undefined {
  if (!kept) return 'not-kept';
  if (clip.attempt >= MAX_MEDIA_ATTEMPTS) return 'too-often';
  if (window.end > kept.edge) return 'not-aired';
  // The segments are not known here: whether the stream was off air, only the service can say.
  switch (windowProblem(window, { ...kept, segments: [] })) {
    case 'too-short':
      return 'too-short-beyond';
    case 'too-long':
      return 'too-long';
    case 'expired':
      return 'not-kept';
    default:
      return undefined;
  }
}

/** The stretch that the timeline shows: the media, the window, and some seconds that are kept. */
export function viewOf(window: Stretch, media: Stretch, kept: Kept | undefined): Stretch {
  const oldest = kept ? Math.max(kept.oldest, media.start - BEYOND_MS) : media.start;
  const newest = kept ? Math.min(kept.edge, media.end + BEYOND_MS) : media.end;
  return {
    start: Math.min(oldest, media.start, window.start),
    end: Math.max(newest, media.end, window.end),
  };
}

/** The start of the frame that is shown at a date. Frames are counted from the start of the media. */
export function frameStartAt(date: number, media: Stretch, frameMs: number): number {
  return media.start + Math.floor((date - media.start) / frameMs + 0.001) * frameMs;
}

/** A window whose start or end is at the frame boundary of a date, in whole milliseconds. */
export function withMark(
  window: Stretch,
  kind: 'in' | 'out',
  date: number,
  media: Stretch,
  frameMs: number,
): Stretch {
  if (kind === 'in') {
    return { ...window, start: Math.ceil(frameStartAt(date, media, frameMs) - 0.001) };
  }
  const end = frameStartAt(date - frameMs / 2, media, frameMs) + frameMs;
  // The end of the media is rounded. A window must not reach beyond it by a part of a frame.
  const isMediaEnd = Math.abs(end - media.end) < frameMs / 2;
  return { ...window, end: isMediaEnd ? media.end : Math.floor(end + 0.001) };
}

/** Keeps the moved edge of a window inside of the timeline, and apart from the other edge. */
export function keepInView(window: Stretch, kind: 'in' | 'out', view: Stretch): Stretch {
  const { start, end } = window;
  return kind === 'in'
    ? { start: Math.max(view.start, Math.min(start, end - MIN_LENGTH_MS)), end }
    : { start, end: Math.min(view.end, Math.max(end, start + MIN_LENGTH_MS)) };
}

function isTooShort({ start, end }: Stretch): boolean {
  return end - start < MIN_LENGTH_MS;
}
