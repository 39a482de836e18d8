/** Plays a clip in a video element: loads hls.js when needed, shows qualities, sounds and captions. */

import type Hls from 'hls.js';
import type { ErrorData } from 'hls.js';
import { HlsFrames } from './hls-frames.ts';
import type { Part } from './part.ts';
import { PartKeeper, PLAYLIST_TIMES } from './part-keeper.ts';
import { nameQualities, type Quality } from './qualities.ts';
import {
  captionsOf,
  hideOtherCaptions,
  NO_TRACKS,
  showCaptions,
  soundsOf,
  type TrackChooser,
  type Tracks,
} from './tracks.ts';

/** What is played. */
export interface PlayerSource {
  /** The HLS manifest. */
  readonly manifest: string;
  readonly part: Part;
  /** Where to start, in seconds since the first frame of the part. */
  readonly moment: number;
  readonly autoplay: boolean;
  /** Whether requests send cookies to other origins: those of a private library. */
  readonly withCredentials: boolean;
}

/**
 * `loading`: nothing can be shown yet. `playable`: the video can play, or plays. `ended`: the last
 * frame is on the screen. `refused`: the cookies do not open this clip. `missing`: there is no such
 * manifest. `failed`: the media cannot be read or decoded.
 */
export type PlayerStage = 'loading' | 'playable' | 'ended' | 'refused' | 'missing' | 'failed';

/** What the controls of a player show. */
export interface PlayerState extends Tracks {
  readonly stage: PlayerStage;
  readonly qualities: readonly Quality[];
  /** The chosen quality, by its index; -1 lets the player choose. */
  readonly quality: number;
  /** The quality that is played, by its index. */
  readonly playing: number;
}

/** The state of a player that has loaded nothing. */
export const IDLE: PlayerState = {
  stage: 'loading',
  qualities: [],
  quality: -1,
  playing: -1,
  ...NO_TRACKS,
};

/** A network error is retried after this pause. */
const RETRY_MS = 3_000;
/** What most lines carry, in bits a second. */
const ASSUMED_BITRATE = 4_000_000;

/** Loads hls.js. Call it early, for example when somebody points at a clip. */
export function loadHls(): Promise<typeof Hls> {
  return import('hls.js').then((it) => it.default);
}

/** Plays one clip. Another clip needs another player. */
export class Player implements TrackChooser {
  state = IDLE;
  #hls: Hls | undefined;
  #keeper: PartKeeper | undefined;
  #isPlaced = false;
  #hasRecovered = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #gone = new AbortController();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onChange: (state: PlayerState) => void,
  ) {
    const { signal } = this.#gone;
    const onTracks = () => this.#showCaptions();
    for (const name of ['addtrack', 'removetrack', 'change'])
      video.textTracks.addEventListener(name, onTracks, { signal });
    for (const name of ['play', 'seeked'])
      video.addEventListener(name, () => this.#unend(), { signal });
  }

  /** Seconds since the first frame of the part. */
  get time(): number {
    return this.#keeper?.time ?? 0;
  }

  /** How long a frame is shown, in seconds, as far as the manifest says it. */
  get frameSeconds(): number {
    return this.#keeper?.times.frameSeconds ?? PLAYLIST_TIMES.frameSeconds;
  }

  /** How fast the clip plays; 1 is the speed of the event. */
  set speed(speed: number) {
    this.video.defaultPlaybackRate = speed;
    this.video.playbackRate = speed;
  }

  /** Loads a clip and shows its first frame, or plays it. */
  async load(source: PlayerSource): Promise<void> {
    const Hls = await loadHls();
    if (this.#gone.signal.aborted) return;
    // First hls.js: a browser that claims to play HLS itself may not tell where its frames are.
    if (Hls.isSupported()) this.#loadHls(Hls, source);
    else if (this.video.canPlayType('application/vnd.apple.mpegurl')) this.#loadNative(source);
    else this.#change({ stage: 'failed' });
  }

  /** Shows the frame at a time, in seconds since the first frame of the part. */
  seek(time: number): void {
    this.#keeper?.seek(time);
  }

  /** Chooses a quality by its index; -1 lets the player choose. */
  setQuality(index: number): void {
    if (!this.#hls) return;
    // A clip is often buffered to its end, so a chosen quality replaces what is buffered.
    if (index === -1) this.#hls.nextLevel = index;
    else this.#hls.currentLevel = index;
    this.#change({ quality: index });
  }

  /** Plays a sound by its index. */
  setSound(index: number): void {
    if (this.#hls) this.#hls.audioTrack = index;
  }

  /** Shows captions by their index; -1 hides them. */
  setCaption(index: number): void {
    showCaptions(this.video.textTracks, index);
    this.#showCaptions();
  }

  /** Tries again after a failure, for example with new cookies. */
  reload(): void {
    const hls = this.#hls;
    if (hls?.url && !hls.levels.length) hls.loadSource(hls.url);
    else hls?.startLoad();
  }

  destroy(): void {
    clearTimeout(this.#retry);
    this.#gone.abort();
    this.#keeper?.destroy();
    this.#hls?.destroy();
    this.video.removeAttribute('src');
    this.video.load();
  }

  #loadHls(Library: typeof Hls, source: PlayerSource): void {
    const hls = new Library({
      // Clips are short: a worker would cost a request before the first frame.
      enableWorker: false,
      startPosition: source.part.start + source.moment,
      capLevelToPlayerSize: true,
      testBandwidth: false,
      abrEwmaDefaultEstimate: assumedBitrate(),
      xhrSetup: (request) => {
        request.withCredentials = source.withCredentials;
      },
    });
    this.#hls = hls;
    const frames = new HlsFrames(hls, () => this.#place(source, frames));
    this.#keep(source, frames);
    const { Events } = Library;
    hls.on(Events.MANIFEST_PARSED, () => this.#change({ qualities: nameQualities(hls.levels) }));
    hls.on(Events.FRAG_LOADED, () => {
      lastBitrate = hls.bandwidthEstimate;
    });
    hls.on(Events.LEVEL_SWITCHED, (_, { level }) => this.#change({ playing: level }));
    hls.on(Events.AUDIO_TRACKS_UPDATED, () => this.#change(soundsOf(hls)));
    hls.on(Events.AUDIO_TRACK_SWITCHING, () => this.#change(soundsOf(hls)));
    hls.on(Events.ERROR, (_, data) => this.#recover(Library, hls, data));
    hls.loadSource(source.manifest);
    hls.attachMedia(this.video);
  }

  #loadNative(source: PlayerSource): void {
    this.#keep(source, PLAYLIST_TIMES);
    const { signal } = this.#gone;
    this.video.addEventListener('loadedmetadata', () => this.#place(source, PLAYLIST_TIMES), {
      signal,
    });
    this.video.addEventListener('error', () => this.#change({ stage: 'failed' }), { signal });
    if (source.withCredentials) this.video.crossOrigin = 'use-credentials';
    this.video.src = source.manifest;
  }

  #keep({ part }: PlayerSource, times: PartKeeper['times']): void {
    this.#keeper = new PartKeeper(this.video, part, times, () => this.#change({ stage: 'ended' }));
  }

  /** Shows the exact first frame as soon as its segment is buffered, then plays. */
  #place({ part, moment, autoplay }: PlayerSource, times: PartKeeper['times']): void {
    if (this.#isPlaced || !times.isKnown(part.start + moment)) return;
    this.#isPlaced = true;
    this.#keeper?.seek(moment);
    this.#change({ stage: 'playable' });
    // A browser that forbids sound without a click leaves the video paused on its first frame.
    if (autoplay) this.video.play().catch(() => undefined);
  }

  #recover(Library: typeof Hls, hls: Hls, { fatal, type, response }: ErrorData): void {
    if (!fatal) return;
    if (response?.code === 403) this.#change({ stage: 'refused' });
    else if (response?.code === 404) this.#change({ stage: 'missing' });
    else if (type === Library.ErrorTypes.NETWORK_ERROR) {
      this.#retry = setTimeout(() => this.reload(), RETRY_MS);
    } else if (type === Library.ErrorTypes.MEDIA_ERROR && !this.#hasRecovered) {
      this.#hasRecovered = true;
      hls.recoverMediaError();
    } else this.#change({ stage: 'failed' });
  }

  #unend(): void {
    if (this.state.stage === 'ended' && !this.#keeper?.isAtEnd) this.#change({ stage: 'playable' });
  }

  #showCaptions(): void {
    hideOtherCaptions(this.video.textTracks);
    this.#change(captionsOf(this.video.textTracks));
  }

  #change(changes: Partial<PlayerState>): void {
    if (this.#gone.signal.aborted) return;
    this.state = { ...this.state, ...changes };
    this.onChange(this.state);
  }
}

/** What the line carried when a clip of this page was played before, in bits a second. */
let lastBitrate: number | undefined;

/**
 * What the line is taken to carry before it is measured. Clips are so short that the first choice
 * often holds to the end. `downlink` of the browser is coarse: it counts only if it is slow.
 */
function assumedBitrate(): number {
  const { connection } = navigator as {
    connection?: { downlink?: number; effectiveType?: string };
  };
  const isSlow = /2g|3g/.test(connection?.effectiveType ?? '');
  if (isSlow && connection?.downlink) return connection.downlink * 800_000;
  return lastBitrate ?? ASSUMED_BITRATE;
}
