/** The start and the end of an export: typed, or set to the frame that is shown. */

import type { Clip } from '../clip/clip.ts';
import type { Stretch } from '../live/segment.ts';
import { parseTimeNear } from '../live/typed-time.ts';
import { isSameStretch, stretchOf, withMark } from '../trim/trim-window.ts';
import { formatPosition, parsePosition } from './position.ts';

/** One of the two times. */
export type Edge = 'start' | 'end';

/** The fault of a typed time. */
export type TimeProblem = 'no-time' | 'before-media' | 'after-media' | 'order';

/** The clip, and how its times are written. */
export interface TimesOptions {
  clip(): Clip;
  /** How long a frame of the clip is shown, in ms. */
  frameMs(): number;
  zone(): 'utc' | 'local';
  /** A time of the day to the millisecond: `13:30:58.120`. */
  clock(date: number): string;
}

/**
 * Times of clips of the live stream are those of the day. Other clips have no such times, so theirs
 * count from the start of the clip.
 */
export class ExportTimes {
  /** The texts of the fields. An empty one means the time that players show. */
  texts = $state({ start: '', end: '' });

  #offered: Stretch | undefined;

  constructor(private readonly options: TimesOptions) {
    this.renew();
  }

  /** Offers the times that players show, if a trim has changed them. */
  renew(): void {
    const { shown } = this;
    if (!shown || (this.#offered && isSameStretch(shown, this.#offered))) return;
    this.#offered = shown;
    this.texts = { start: this.textOf(shown.start), end: this.textOf(shown.end) };
  }

  /** Whether the times are those of the day. */
  get isClock(): boolean {
    return this.options.clip().source === 'live';
  }

  /** The media of the clip. Unknown for some old clips, which can only be exported as a whole. */
  get media(): Stretch | undefined {
    const { actual } = this.options.clip();
    return actual && stretchOf(actual);
  }

  /** The part of the clip that players show. */
  get shown(): Stretch | undefined {
    const { requested } = this.options.clip();
    return this.media && requested ? stretchOf(requested) : this.media;
  }

  /** The exported part, if both times can be read. */
  get window(): Stretch | undefined {
    const { media, shown } = this;
    const [start, end] = [this.#read('start'), this.#read('end')];
    if (!media || !shown || start === undefined || end === undefined) return undefined;
    const frameMs = this.options.frameMs();
    const atStart = start === shown.start ? shown : withMark(shown, 'in', start, media, frameMs);
    return end === shown.end ? atStart : withMark(atStart, 'out', end, media, frameMs);
  }

  /** The fault of a time. */
  problemOf(edge: Edge): TimeProblem | undefined {
    const { media, window } = this;
    if (!media) return undefined;
    const date = this.#read(edge);
    if (date === undefined) return 'no-time';
    if (date < media.start) return 'before-media';
    if (date > media.end) return 'after-media';
    return edge === 'end' && window && window.end <= window.start ? 'order' : undefined;
  }

  /** A time as its field shows it. */
  textOf(date: number): string {
    if (this.isClock) return this.options.clock(date);
    return formatPosition(date - (this.media?.start ?? 0));
  }

  /** Sets the start to the start of the frame at a date, or the end to its end. */
  set(edge: Edge, date: number): void {
    const { media, shown } = this;
    if (!media || !shown) return;
    const frameMs = this.options.frameMs();
    const kind = edge === 'start' ? 'in' : 'out';
    const moved = withMark(shown, kind, edge === 'start' ? date : date + frameMs, media, frameMs);
    this.texts[edge] = this.textOf(moved[edge]);
  }

  /** The fields of the request: those that differ from the times in players. */
  toRequest(): { start?: string; end?: string } {
    const { window, shown } = this;
    if (!window || !shown) return {};
    return {
      ...(window.start !== shown.start && { start: new Date(window.start).toISOString() }),
      ...(window.end !== shown.end && { end: new Date(window.end).toISOString() }),
    };
  }

  #read(edge: Edge): number | undefined {
    const { media, shown } = this;
    const text = this.texts[edge].trim();
    if (!media || !shown) return undefined;
    if (!text || text === this.textOf(shown[edge])) return shown[edge];
    if (this.isClock) {
      const { zone, frameMs } = this.options;
      return parseTimeNear(text, shown.start, { zone: zone(), fps: 1000 / frameMs() });
    }
    const position = parsePosition(text);
    return position === undefined ? undefined : media.start + position;
  }
}
