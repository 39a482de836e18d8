/** Finds the media time at which the frame of a moment is shown. */

/** A segment: its place in the playlist, and where its first frame really is. */
export interface PlacedSegment {
  /** Seconds from the start of the media, by the playlist. */
  readonly at: number;
  /** The media time of its first frame. Unknown until the segment is buffered. */
  readonly firstFrame?: number | undefined;
}

/**
 * Times of the contract are whole milliseconds, so the time of a frame can be up to half a
 * millisecond off. Playlists round their durations too.
 */
const ROUNDING = 0.001;

/**
 * The media time in the middle of the frame that is shown at a moment.
 *
 * The first frame of a segment is not exactly where the playlist says: encoders shift video by the
 * priming of the sound and by the reordering of B-frames. Players show the frame before, if one
 * seeks to the start of a frame by the playlist.
 */
export function timeOfFrameAt(
  moment: number,
  segments: readonly PlacedSegment[],
  fps: number,
): number | undefined {
  const segment = segments.findLast(({ at }) => at <= moment + ROUNDING) ?? segments[0];
  if (segment?.firstFrame === undefined) return undefined;
  const frame = Math.floor(Math.max(0, moment - segment.at + ROUNDING) * fps);
  return segment.firstFrame + (frame + 0.5) / fps;
}

/** The media time in the middle of the last frame that is shown before a moment. */
export function timeOfFrameBefore(
  moment: number,
  segments: readonly PlacedSegment[],
  fps: number,
): number | undefined {
  const segment = segments.findLast(({ at }) => at < moment - ROUNDING);
  if (segment?.firstFrame === undefined) return undefined;
  const frame = Math.ceil((moment - segment.at - ROUNDING) * fps) - 1;
  return segment.firstFrame + (frame + 0.5) / fps;
}
