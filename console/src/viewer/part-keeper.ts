/** Keeps a video inside the part of its media that the operator asked for. */

import type { Part } from './part.ts';

/** Where frames are on the clock of the media. Moments are seconds by the playlist. */
export interface FrameTimes {
  /** How long a frame is shown, in seconds. */
  readonly frameSeconds: number;
  /** Whether the time of the frame at a moment is exact. */
  isKnown(moment: number): boolean;
  /** The middle of the frame that is shown at a moment. */
  timeAt(moment: number): number;
  /** The middle of the last frame that is shown before a moment. */
  timeBefore(moment: number): number;
}

/** Frame times of a player that does not show its segments: those of the playlist. */
export const PLAYLIST_TIMES: FrameTimes = {
  frameSeconds: 1 / 50,
  isKnown: () => true,
  timeAt: (moment) => moment + 0.01,
  timeBefore: (moment) => moment - 0.01,
};

/** The part of a video that is played. */
type Video = Pick<
  HTMLVideoElement,
  | 'currentTime'
  | 'ended'
  | 'paused'
  | 'playbackRate'
  | 'loop'
  | 'pause'
  | 'play'
  | 'addEventListener'
  | 'requestVideoFrameCallback'
>;

/**
 * Stops a video at the last frame of its part, brings it back if somebody seeks out of the part, and
 * starts again at the first frame if it is played after the end.
 */
export class PartKeeper {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly video: Video,
    private readonly part: Part,
    readonly times: FrameTimes,
    private readonly onEnd: () => void,
  ) {
    const listen = (name: keyof HTMLMediaElementEventMap, listener: () => void) =>
      video.addEventListener(name, listener, { signal: this.#stop.signal });
    listen('play', () => this.#restart());
    listen('seeking', () => this.#bringBack());
    listen('ended', () => this.onEnd());
    listen('pause', () => clearTimeout(this.#timer));
    // Without frame callbacks, as in a hidden tab, the video is stopped up to 250 ms late.
    listen('timeupdate', () => this.#check(video.currentTime));
    if (part.end !== undefined) this.#watchFrames();
  }

  /** Seconds since the first frame of the part. */
  get time(): number {
    return Math.max(0, this.video.currentTime - this.#first);
  }

  /** Whether the last frame of the part is on the screen. */
  get isAtEnd(): boolean {
    return this.video.ended || this.video.currentTime > this.#last - this.times.frameSeconds / 4;
  }

  /** Shows the frame at a time, in seconds since the first frame of the part. */
  seek(time: number): void {
    this.video.currentTime = this.times.timeAt(this.part.start + Math.max(0, time));
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  get #first(): number {
    return this.times.timeAt(this.part.start);
  }

  /** The middle of the last frame; never reached, if the part ends with the media. */
  get #last(): number {
    const { end } = this.part;
    return end === undefined ? Number.POSITIVE_INFINITY : this.times.timeBefore(end);
  }

  #watchFrames(): void {
    if (this.#stop.signal.aborted || !this.video.requestVideoFrameCallback) return;
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      // `mediaTime` is the start of the frame that is on the screen now.
      this.#check(mediaTime + this.times.frameSeconds / 2);
      this.#watchFrames();
    });
  }

  /** Stops at the last frame, or plans to do it when the last frame will be half over. */
  #check(shown: number): void {
    if (this.video.paused) return;
    const left = this.#last - shown;
    if (left < this.times.frameSeconds / 4) this.#end();
    else if (left < 0.25) {
      clearTimeout(this.#timer);
      const ms = ((this.#last - this.video.currentTime) / this.video.playbackRate) * 1000;
      this.#timer = setTimeout(() => this.#end(), Math.max(0, ms));
    }
  }

  #end(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    if (this.video.loop) {
      this.video.currentTime = this.#first;
      return;
    }
    this.video.pause();
    this.video.currentTime = this.#last;
    this.onEnd();
  }

  #restart(): void {
    if (this.isAtEnd) this.video.currentTime = this.#first;
  }

  #bringBack(): void {
    const { currentTime } = this.video;
    const slack = this.times.frameSeconds / 2;
    if (currentTime < this.#first - slack) this.video.currentTime = this.#first;
    else if (currentTime > this.#last + slack) this.#end();
  }
}
