/** The new start and end of a clip while the operator moves them. */

import type { Clip } from '../clip/clip.ts';
import { wantedWindow } from '../clip/clip.ts';
import type { Stretch } from '../live/segment.ts';
import {
  type Kept,
  keepInView,
  type Outlook,
  outlookOf,
  stretchOf,
  viewOf,
  withMark,
} from './trim-window.ts';

/** What a trim needs to know. */
export interface TrimOptions {
  /** The clip as it is now. */
  clip(): Clip;
  /** What the channel of the clip still keeps. */
  kept(): Kept | undefined;
  /** How long a frame of the clip is shown, in ms. */
  frameMs(): number;
}

export class Trim {
  window = $state.raw<Stretch>({ start: 0, end: 0 });
  /** The clip as the operator saw it first: what others change since then is a conflict. */
  readonly base: Clip;

  constructor(private readonly options: TrimOptions) {
    this.base = options.clip();
    const wanted = wantedWindow(this.base);
    if (wanted) this.window = stretchOf(wanted);
  }

  /** The media of the clip. */
  get media(): Stretch {
    const { actual } = this.options.clip();
    return actual ? stretchOf(actual) : this.window;
  }

  /** The stretch that the timeline shows. */
  get view(): Stretch {
    return viewOf(this.window, this.media, this.options.kept());
  }

  get kept(): Kept | undefined {
    return this.options.kept();
  }

  get frameMs(): number {
    return this.options.frameMs();
  }

  get length(): number {
    return this.window.end - this.window.start;
  }

  /** What saving would do. */
  get outlook(): Outlook {
    return outlookOf(this.window, this.options.clip(), this.options.kept());
  }

  /** Sets the start to a frame, or the end to the end of a frame. */
  set(kind: 'in' | 'out', date: number): void {
    this.window = withMark(this.window, kind, date, this.media, this.frameMs);
  }

  /** Moves the start or the end on the timeline, where it does not pass the other one. */
  move(kind: 'in' | 'out', date: number): void {
    const moved = withMark(this.window, kind, date, this.media, this.frameMs);
    this.window = keepInView(moved, kind, this.view);
  }

  /** The first frame, or the middle of the last one. */
  frameOf(kind: 'in' | 'out'): number {
    return kind === 'in' ? this.window.start : this.window.end - this.frameMs / 2;
  }
}
