/** Converts between the media time of a video element and the stream's clock, exact to the frame. */

import { frameDuration, type Segment, segmentAt } from './segment.ts';

/** A fragment of hls.js, as far as the clock needs it. */
export interface ClockFragment {
  readonly sn: number | 'initSegment';
  /** The media time of its start, in seconds. */
  readonly start: number;
  /** In seconds. */
  readonly duration: number;
  /** The time of its first frame, in ms since 1970. */
  readonly programDateTime: number | null;
}

/** Near its ends a fragment may not count as buffered: the sound begins and ends at other times. */
const EDGE_SECONDS = 0.1;

/** A segment with the media time at which its first frame is shown. */
interface ClockSegment extends Segment {
  readonly sn: number;
  readonly time: number;
  /** Whether `time` was read from the media. If not, it is an estimate. */
  readonly isExact: boolean;
}

/**
 * The clock of one video element.
 *
 * The first frame of a fragment is not shown at the fragment's start, but a few milliseconds later:
 * the sound starts earlier, and B-frames are shown later than they are decoded. How much later is
 * known when the fragment is buffered.
 */
export class MediaClock {
  #segments: readonly ClockSegment[] = [];
  /** The media time of the first frame of each buffered fragment. */
  readonly #times = new Map<number, number>();
  #offset = 0;

  constructor(public fps = 25) {}

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Takes the fragments of the manifest. */
  update(fragments: readonly ClockFragment[]): void {
    const segments: ClockSegment[] = [];
    for (const it of fragments) {
      if (it.sn === 'initSegment' || it.programDateTime === null) continue;
      const exact = this.#times.get(it.sn);
      segments.push({
        sn: it.sn,
        start: it.programDateTime,
        duration: it.duration * 1000,
        time: exact ?? it.start + this.#offset,
        isExact: exact !== undefined,
      });
    }
    this.#segments = segments;
    const first = segments[0]?.sn ?? 0;
    for (const sn of this.#times.keys()) if (sn < first) this.#times.delete(sn);
  }

  /** Notes the media time of the first frame of a fragment that was buffered. */
  noteBuffered(fragment: ClockFragment, firstFrame: number): void {
    if (fragment.sn === 'initSegment') return;
    this.#times.set(fragment.sn, firstFrame);
    this.#offset = firstFrame - fragment.start;
  }

  /** The time on air of the picture at a media time. Nothing before the manifest is known. */
  dateAt(time: number): number | undefined {
    let [low, high] = [0, this.#segments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle]?.time ?? 0) <= time + 1e-4) low = middle + 1;
      else high = middle;
    }
    const segment = this.#segments[Math.max(0, low - 1)];
    return segment && segment.start + Math.max(0, time - segment.time) * 1000;
  }

  /**
   * The media time in the middle of the frame that is on air at a date. `inside` is a time of the
   * same fragment that is buffered whenever the fragment is.
   */
  timeAt(date: number): { time: number; inside: number; isExact: boolean } | undefined {
    const segment = segmentAt(this.#segments, date);
    if (!segment) return undefined;
    const frames = Math.max(1, Math.round((segment.duration * this.fps) / 1000));
    const frame = Math.floor((date - segment.start) / frameDuration(this.fps) + 0.001);
    const kept = Math.min(Math.max(0, frame), frames - 1);
    const time = segment.time + (kept + 0.5) / this.fps;
    const end = segment.time + segment.duration / 1000;
    const inside = Math.max(Math.min(time, end - EDGE_SECONDS), segment.time + EDGE_SECONDS);
    return { time, inside, isExact: segment.isExact };
  }
}
