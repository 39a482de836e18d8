/** Segments and frames on the stream's clock (PROGRAM-DATE-TIME), and the steps between them. */

/** A segment. Times are in ms since 1970, durations in ms. */
export interface Segment {
  readonly start: number;
  readonly duration: number;
}

/** A stretch of time, from `start` to before `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Times of segments that follow each other may differ by this much. More is a time off air. */
const MAX_JITTER_MS = 250;

/** When the segment ends. */
export function endOf(segment: Segment): number {
  return segment.start + segment.duration;
}

/** The position of the last segment that starts at or before a date; -1 if all start later. */
export function lastIndexBefore(segments: readonly Segment[], date: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.start ?? 0) <= date) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The segment that is on air at a date. If none is, the next one; after the last, the last. */
export function segmentAt<T extends Segment>(segments: readonly T[], date: number): T | undefined {
  const index = lastIndexBefore(segments, date);
  const segment = segments[index];
  const isOver = !segment || date >= endOf(segment);
  return (isOver ? segments[index + 1] : undefined) ?? segment;
}

/** The stretches without a time off air. */
export function stretchesOf(segments: readonly Segment[]): Stretch[] {
  const stretches: { start: number; end: number }[] = [];
  for (const segment of segments) {
    const last = stretches.at(-1);
    if (last && segment.start - last.end <= MAX_JITTER_MS) last.end = endOf(segment);
    else stretches.push({ start: segment.start, end: endOf(segment) });
  }
  return stretches;
}

/** Joins two lists of stretches. */
export function joinStretches(one: readonly Stretch[], other: readonly Stretch[]): Stretch[] {
  const joined: { start: number; end: number }[] = [];
  for (const it of [...one, ...other].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && it.start - last.end <= MAX_JITTER_MS) last.end = Math.max(last.end, it.end);
    else joined.push({ start: it.start, end: it.end });
  }
  return joined;
}

/** The times off air between stretches. */
export function gapsBetween(stretches: readonly Stretch[]): Stretch[] {
  return stretches.slice(1).map((it, index) => ({
    start: stretches[index]?.end ?? it.start,
    end: it.start,
  }));
}

/**
 * Returns the date of a move. If the stream was off air at that date, returns the nearest date on air in
 * the direction of the move.
 */
export function passGap(
  date: number,
  direction: number,
  offAir: readonly Stretch[],
  frameMs: number,
): number {
  const gap = offAir.find((it) => date >= it.start && date < it.end);
  if (!gap) return date;
  return direction < 0 ? gap.start - frameMs / 2 : gap.end;
}

/** The duration of a frame in ms. */
export function frameDuration(fps: number): number {
  return 1000 / fps;
}

/** The start of the frame that is on the screen at a date. Off air it is the nearest frame. */
export function frameStart(segments: readonly Segment[], date: number, fps: number): number {
  const segment = segmentAt(segments, date);
  if (!segment) return date;
  const last = frameCount(segment, fps) - 1;
  // The start of a frame is a fraction of a millisecond at 29.97 or 59.94 frames a second.
  const frame = Math.floor((date - segment.start) / frameDuration(fps) + 0.001);
  return segment.start + Math.min(Math.max(frame, 0), last) * frameDuration(fps);
}

/** The start of the frame that lies `frames` after the frame at a date. Times off air are skipped. */
export function stepFrames(
  segments: readonly Segment[],
  date: number,
  frames: number,
  fps: number,
): number {
  const start = frameStart(segments, date, fps);
  let index = lastIndexBefore(segments, start + 0.001);
  let segment = segments[index];
  if (!segment) return start;
  let frame = Math.round((start - segment.start) / frameDuration(fps)) + frames;
  while (frame < 0) {
    const previous = segments[index - 1];
    if (!previous) return segment.start;
    index -= 1;
    segment = previous;
    frame += frameCount(segment, fps);
  }
  while (frame >= frameCount(segment, fps)) {
    const next = segments[index + 1];
    if (!next) return segment.start + (frameCount(segment, fps) - 1) * frameDuration(fps);
    frame -= frameCount(segment, fps);
    index += 1;
    segment = next;
  }
  return segment.start + frame * frameDuration(fps);
}

function frameCount(segment: Segment, fps: number): number {
  return Math.max(1, Math.round((segment.duration * fps) / 1000));
}
