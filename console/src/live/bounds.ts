/** Foretells the bounds of a clip before it is cut: the segments that contain its window. */

import { endOf, gapsBetween, type Segment, type Stretch, stretchesOf } from './segment.ts';

/** Where a clip will start and end, in ms since 1970. */
export interface Bounds extends Stretch {
  /** Whether the end has not aired, so that it follows from the length of segments. */
  readonly isEstimate: boolean;
  /** The playing time in ms. It is less than `end - start` if the stream was off air in between. */
  readonly duration: number;
}

/** Why the service would refuse a window. */
export type WindowProblem = 'too-short' | 'too-long' | 'expired' | 'off-air' | 'not-aired';

/** What is known about the channel. */
export interface Coverage {
  /** The segments around the window, and all from there to the live edge if the window reaches it. */
  readonly segments: readonly Segment[];
  /** The start of the startover window. */
  readonly oldest: number;
  readonly edge: number;
  readonly segmentMs: number;
  readonly startoverMs: number;
}

/** The window ends at most this long after the live edge. */
export const MAX_AHEAD_MS = 4 * 3_600_000;
const MAX_WINDOW_MS = 24 * 3_600_000;

/** The window in whole seconds, as MediaPackage gets it. */
export function widen(window: Stretch): Stretch {
  return {
    start: Math.floor(window.start / 1000) * 1000,
    end: Math.ceil(window.end / 1000) * 1000,
  };
}

/** The bounds of a window. Nothing if its segments are not known, or if there are none. */
export function predictBounds(window: Stretch, coverage: Coverage): Bounds | undefined {
  const { start, end } = widen(window);
  const { segments, segmentMs } = coverage;
  const touched = segments.filter((it) => it.start < end && endOf(it) > start);
  const [first, last] = [touched[0], touched.at(-1)];
  if (!first || !last) return undefined;
  const duration = touched.reduce((sum, it) => sum + it.duration, 0);
  if (endOf(last) >= end) {
    return { start: first.start, end: endOf(last), isEstimate: false, duration };
  }
  const ahead = Math.ceil((end - endOf(last)) / segmentMs) * segmentMs;
  return {
    start: first.start,
    end: endOf(last) + ahead,
    isEstimate: true,
    duration: duration + ahead,
  };
}

/** Why the service would refuse a window; nothing if it is fine, as far as is known. */
export function windowProblem(window: Stretch, coverage: Coverage): WindowProblem | undefined {
  const { start, end } = widen(window);
  const { segments, edge, oldest, segmentMs, startoverMs } = coverage;
  if (end - start < 2 * segmentMs) return 'too-short';
  if (end - start > Math.min(MAX_WINDOW_MS, startoverMs)) return 'too-long';
  if (start < Math.floor(oldest / 1000) * 1000) return 'expired';
  if (end > edge + MAX_AHEAD_MS) return 'not-aired';
  return isOffAir(segments, start) || (end <= edge && isOffAir(segments, end - 1))
    ? 'off-air'
    : undefined;
}

/** Whether the stream was off air at a date, by the segments before and after it. */
function isOffAir(segments: readonly Segment[], date: number): boolean {
  return gapsBetween(stretchesOf(segments)).some((it) => date >= it.start && date < it.end);
}
