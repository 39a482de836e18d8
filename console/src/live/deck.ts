/** A video element that plays one window of the live stream with hls.js, on the stream's clock. */

import type Hls from 'hls.js';
import type { Events, HlsConfig } from 'hls.js';
import workerUrl from 'hls.js/dist/hls.worker.js?url';
import {
  captionsOf,
  hideOtherCaptions,
  NO_TRACKS,
  showCaptions,
  soundsOf,
  type Tracks,
} from '../viewer/tracks.ts';
import type { TrackDeck } from './live-tracks.svelte.ts';
import { type ClockFragment, MediaClock } from './media-clock.ts';
import { endOf, frameStart, type Segment } from './segment.ts';
import { type ManifestWindow, manifestUrl } from './windows.ts';

/** What a deck tells its owner. */
export interface DeckEvents {
  /** The segments of the window have changed. */
  segments(deck: Deck): void;
  /** A frame is on the screen. */
  frame(deck: Deck, date: number): void;
  /** A seek has ended: the frame of the date is on the screen. */
  settled(deck: Deck, date: number): void;
  /** The window cannot be played. `encrypted`: the browser has no key. */
  failed(deck: Deck, reason: 'not-found' | 'encrypted' | 'broken'): void;
  ended(deck: Deck): void;
  /** The sounds or the captions have changed, or another one is chosen. */
  tracks(deck: Deck): void;
}

/** The sound and the pictures that are kept behind the playhead, in seconds. */
const BACK_BUFFER_SECONDS = 60;
/** How far a frame on the screen may be from the wanted one, in frames. */
const TOLERANCE = 0.3;

/** hls.js is loaded when the first deck is made. */
const engine = () => import('hls.js');

/** Loads hls.js ahead of the first deck. */
export function preloadEngine(): void {
  void engine();
}

export class Deck implements TrackDeck {
  readonly clock = new MediaClock();
  #hls: Hls | undefined;
  #isClosed = false;
  /** The date that a seek leads to. It stays until its fragment is buffered and the seek has ended. */
  #wanted: number | undefined;
  /** Whether the fragment was buffered when the seek began. */
  #wasBuffered = false;
  #callback = 0;
  readonly #listeners = new AbortController();

  constructor(
    readonly video: HTMLVideoElement,
    readonly window: ManifestWindow,
    private readonly manifest: string,
    private readonly events: DeckEvents,
  ) {}

  /** Starts loading. Without a date, the deck goes to the live picture. */
  async open(date: number | undefined): Promise<void> {
    const { default: HlsClass, Events: names } = await engine();
    if (this.#isClosed) return;
    this.#wanted = date;
    const config: Partial<HlsConfig> = {
      workerPath: workerUrl,
      liveDurationInfinity: true,
      backBufferLength: BACK_BUFFER_SECONDS,
      maxBufferLength: 20,
      capLevelToPlayerSize: true,
      // The manifest has about the length of its window, so the position is close.
      startPosition: date === undefined ? -1 : Math.max(0, (date - this.window.start) / 1000),
    };
    const hls = new HlsClass(config);
    this.#hls = hls;
    this.#listen(hls, names);
    hls.loadSource(manifestUrl(this.manifest, this.window));
    hls.attachMedia(this.video);
  }

  get segments(): readonly Segment[] {
    return this.clock.segments;
  }

  /** The end of the newest segment. */
  get edge(): number | undefined {
    const last = this.segments.at(-1);
    return last && endOf(last);
  }

  /** Whether the deck has the frame of a date. */
  covers(date: number): boolean {
    const [first, edge] = [this.segments[0], this.edge];
    return first !== undefined && edge !== undefined && date >= first.start && date < edge;
  }

  /** Shows the frame that is on air at a date. */
  seek(date: number): void {
    this.#wanted = date;
    const target = this.clock.timeAt(date);
    if (!target) return;
    this.#wasBuffered = target.isExact && isBuffered(this.video, target.inside);
    this.video.currentTime = target.time;
  }

  /** Goes to the picture that the stream's delay allows to play without stalling. */
  seekLive(): void {
    this.#wanted = undefined;
    const position = this.#hls?.liveSyncPosition;
    if (position !== null && position !== undefined) this.video.currentTime = position;
  }

  /** Whether a seek is on its way. */
  get isSeeking(): boolean {
    return this.video.seeking || this.#wanted !== undefined;
  }

  get tracks(): Tracks {
    const sounds = this.#hls ? soundsOf(this.#hls) : NO_TRACKS;
    return { ...NO_TRACKS, ...sounds, ...captionsOf(this.video.textTracks) };
  }

  setSound(index: number): void {
    if (this.#hls) this.#hls.audioTrack = index;
  }

  setCaption(index: number): void {
    showCaptions(this.video.textTracks, index);
  }

  /** Frees the video element and stops all requests. */
  close(): void {
    this.#isClosed = true;
    this.#listeners.abort();
    this.video.cancelVideoFrameCallback?.(this.#callback);
    this.#hls?.destroy();
    this.video.removeAttribute('src');
    this.video.load();
  }

  #listen(hls: Hls, names: typeof Events): void {
    hls.on(names.MANIFEST_PARSED, (_, { levels }) => {
      this.clock.fps = levels.find((it) => it.frameRate)?.frameRate || this.clock.fps;
    });
    hls.on(names.LEVEL_UPDATED, () => this.#takeFragments());
    hls.on(names.LEVEL_PTS_UPDATED, () => this.#takeFragments());
    hls.on(names.FRAG_BUFFERED, (_, { frag }) => {
      const video = frag.elementaryStreams.video;
      if (frag.type !== 'main' || !video) return;
      this.clock.noteBuffered(frag as ClockFragment, video.startPTS);
      this.#takeFragments();
      this.#settle();
    });
    hls.on(names.AUDIO_TRACKS_UPDATED, () => this.events.tracks(this));
    hls.on(names.AUDIO_TRACK_SWITCHING, () => this.events.tracks(this));
    hls.on(names.ERROR, (_, { fatal, type, details, response }) => {
      if (!fatal) return;
      if (type === 'keySystemError') this.events.failed(this, 'encrypted');
      else if (response?.code === 404) this.events.failed(this, 'not-found');
      else if (type === 'mediaError' && details !== 'bufferAddCodecError') hls.recoverMediaError();
      else this.events.failed(this, 'broken');
    });
    const { signal } = this.#listeners;
    this.video.addEventListener('seeked', () => this.#settle(), { signal });
    this.video.addEventListener('loadeddata', () => this.#settle(), { signal });
    this.video.addEventListener('ended', () => this.events.ended(this), { signal });
    const { textTracks } = this.video;
    const onCaptions = () => {
      hideOtherCaptions(textTracks);
      this.events.tracks(this);
    };
    for (const name of ['addtrack', 'removetrack', 'change'])
      textTracks.addEventListener(name, onCaptions, { signal });
    this.#watchFrames();
  }

  #takeFragments(): void {
    const isFirst = this.segments.length === 0;
    this.clock.update((this.#hls?.latestLevelDetails?.fragments ?? []) as ClockFragment[]);
    if (isFirst && this.#wanted !== undefined) this.seek(this.#wanted);
    this.events.segments(this);
  }

  /**
   * Ends a seek when the wanted frame is on the screen. If its fragment was not buffered at first,
   * the seek is repeated: it was an estimate, and a browser that has no data at the wanted time but
   * just after it shows the next frame instead.
   */
  #settle(): void {
    if (this.#wanted === undefined || this.video.readyState < 2) return;
    const target = this.clock.timeAt(this.#wanted);
    if (!target?.isExact || !isBuffered(this.video, target.inside)) return;
    const isOff = Math.abs(target.time - this.video.currentTime) > TOLERANCE / this.clock.fps;
    if (isOff || !this.#wasBuffered) {
      this.#wasBuffered = true;
      this.video.currentTime = target.time;
      return;
    }
    if (this.video.seeking) return;
    const date = frameStart(this.segments, this.#wanted, this.clock.fps);
    this.#wanted = undefined;
    this.events.settled(this, date);
  }

  #watchFrames(): void {
    const next = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      if (this.#isClosed) return;
      this.#callback = this.video.requestVideoFrameCallback(next);
      const date = this.clock.dateAt(mediaTime);
      if (date !== undefined && this.#wanted === undefined) this.events.frame(this, date);
    };
    this.#callback = this.video.requestVideoFrameCallback(next);
  }
}

function isBuffered({ buffered }: HTMLVideoElement, time: number): boolean {
  for (let range = 0; range < buffered.length; range++) {
    if (buffered.start(range) <= time && time < buffered.end(range)) return true;
  }
  return false;
}
