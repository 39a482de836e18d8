/** Knows where the frames of a clip are, from what hls.js has buffered. */

import type Hls from 'hls.js';
import type { FragBufferedData, LevelLoadedData } from 'hls.js';
import { type PlacedSegment, timeOfFrameAt, timeOfFrameBefore } from './frames.ts';
import type { FrameTimes } from './part-keeper.ts';

/**
 * What is assumed if a manifest has no FRAME-RATE. The middle of such a short frame lies within the
 * frame of any usual rate that begins at the same moment.
 */
const UNKNOWN_RATE = 50;

/** The frames of one clip in hls.js. */
export class HlsFrames implements FrameTimes {
  /** Where segments are in the playlist, by their sequence number. Renditions are aligned. */
  readonly #places = new Map<number, number>();
  /** The media time of the first frame of each segment that was buffered. */
  readonly #firstFrames = new Map<number, number>();
  #segments: readonly PlacedSegment[] = [];
  /** The shift of video that was seen last, for segments that are not buffered. */
  #shift = 0;

  /** `onBuffered` is called when the frames of another segment are known. */
  constructor(
    private readonly hls: Hls,
    onBuffered: () => void,
  ) {
    const { LEVEL_LOADED, FRAG_BUFFERED } = EVENTS;
    hls.on(LEVEL_LOADED, (_, data) => this.#place(data));
    hls.on(FRAG_BUFFERED, (_, data) => {
      if (this.#learn(data)) onBuffered();
    });
  }

  get frameSeconds(): number {
    return 1 / this.#rate;
  }

  isKnown(moment: number): boolean {
    return timeOfFrameAt(moment, this.#segments, this.#rate) !== undefined;
  }

  timeAt(moment: number): number {
    const exact = timeOfFrameAt(moment, this.#segments, this.#rate);
    return exact ?? moment + this.#shift + this.frameSeconds / 2;
  }

  timeBefore(moment: number): number {
    const exact = timeOfFrameBefore(moment, this.#segments, this.#rate);
    return exact ?? moment + this.#shift - this.frameSeconds / 2;
  }

  get #rate(): number {
    const { levels, currentLevel, loadLevel } = this.hls;
    return (levels[currentLevel] ?? levels[loadLevel])?.frameRate || UNKNOWN_RATE;
  }

  /** Durations are those of the playlist only until hls.js has parsed the segments. */
  #place({ details }: LevelLoadedData): void {
    if (this.#places.size) return;
    let at = 0;
    for (const { sn, duration } of details.fragments) {
      this.#places.set(sn, at);
      at += duration;
    }
    this.#arrange();
  }

  #learn({ frag }: FragBufferedData): boolean {
    const { video, audiovideo } = frag.elementaryStreams;
    const firstFrame = (video ?? audiovideo)?.startPTS;
    if (frag.type !== 'main' || typeof frag.sn !== 'number' || firstFrame === undefined)
      return false;
    this.#firstFrames.set(frag.sn, firstFrame);
    this.#shift = firstFrame - (this.#places.get(frag.sn) ?? firstFrame);
    this.#arrange();
    return true;
  }

  #arrange(): void {
    this.#segments = [...this.#places].map(([number, at]) => ({
      at,
      firstFrame: this.#firstFrames.get(number),
    }));
  }
}

/** The names of events in hls.js, so that the library itself is loaded only when it plays. */
const EVENTS = {
  LEVEL_LOADED: 'hlsLevelLoaded',
  FRAG_BUFFERED: 'hlsFragBuffered',
} as unknown as Pick<typeof Hls.Events, 'LEVEL_LOADED' | 'FRAG_BUFFERED'>;
