/** Plays a channel at any moment of its startover window: steps, shuttle, loops, jumps. */

import type { Deck } from './deck.ts';
import { DeckPair } from './deck-pair.svelte.ts';
import type { LiveTracks } from './live-tracks.svelte.ts';
import {
  frameDuration,
  frameStart,
  passGap,
  type Segment,
  type Stretch,
  stepFrames,
} from './segment.ts';
import { nextSpeed } from './shuttle.ts';
import {
  type Holding,
  isNearWindowOver,
  type ManifestWindow,
  nearWindow,
  pageOf,
  pageStart,
} from './windows.ts';

/** What the player needs to know about the channel. */
export interface PlayerSource {
  readonly manifest: string;
  holding(): Holding | undefined;
  /** The times off air, as far as they are known. */
  offAir(): readonly Stretch[];
  /** Called with the newest segments of the near window. */
  observe(segments: readonly Segment[]): void;
}

/** A stretch that is played once, or again and again. */
interface Range extends Stretch {
  readonly isLoop: boolean;
}

/** Playing stops this many frames before the end of a stretch, so that no later frame is seen. */
const LEAD_FRAMES = 2.5;
/** The pause before a window that failed is loaded again. */
const RETRY_MS = 3_000;
/** How far behind the live edge the picture still counts as live. */
const LIVE_MS = 20_000;

export class Player {
  /** The start of the frame on the screen, in ms since 1970. Nothing before the first frame. */
  now = $state<number>();
  isPaused = $state(true);
  /** 1 is normal speed, 0 is paused, negative is backwards. */
  speed = $state(0);
  fps = $state(25);
  /** Whether the picture follows the live edge. */
  isLive = $state(true);
  failure = $state<'not-found' | 'encrypted' | 'broken'>();
  /** What is played once or in a loop. */
  range = $state.raw<Range>();

  #source: PlayerSource | undefined;
  /** The date that steps count from while a seek is on its way. */
  #target: number | undefined;
  /** The date that the next seek goes to when the running one has ended. */
  #queued: number | undefined;
  #backwards: { from: number; clock: number } | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  readonly #decks = new DeckPair({
    segments: (deck) => this.#onSegments(deck),
    frame: (deck, date) => this.#onFrame(deck, date),
    settled: (deck, date) => this.#onSettled(deck, date),
    failed: (deck, reason) => this.#onFailed(deck, reason),
    ended: (deck) => this.#onEnded(deck),
  });

  /** The video element that is shown. */
  get shown(): HTMLVideoElement | undefined {
    return this.#decks.shown;
  }

  /** Whether another window is being loaded. The old picture stays on the screen meanwhile. */
  get isLoading(): boolean {
    return this.#decks.isLoading;
  }

  /** The sound and the captions. */
  get tracks(): LiveTracks {
    return this.#decks.tracks;
  }

  /** Takes the two video elements of the page: one is shown while the other loads. */
  attach(videos: readonly [HTMLVideoElement, HTMLVideoElement]): void {
    this.#decks.attach(videos);
  }

  /** Gives the video elements back. */
  detach(): void {
    this.close();
    this.#decks.detach();
  }

  /** Plays a channel: at a date, or live. */
  open(source: PlayerSource, date: number | undefined, play: boolean): void {
    this.#source = source;
    this.failure = undefined;
    this.#load(date, play);
  }

  /** Stops everything. The last picture stays if another channel is opened next. */
  close(): void {
    clearTimeout(this.#retry);
    this.#decks.close();
    this.#stopShuttle();
    this.now = undefined;
  }

  /** The segments around the picture. */
  get segments(): readonly Segment[] {
    return this.#decks.current?.segments ?? [];
  }

  // Playing

  play(): void {
    this.range = undefined;
    this.#setSpeed(1);
  }

  /** Stops at this picture. The stream goes on, so that it is not live any more. */
  pause(): void {
    this.range = undefined;
    this.isLive = false;
    this.#setSpeed(0);
  }

  togglePlay(): void {
    if (this.isPaused) this.play();
    else this.pause();
  }

  /** J and L. */
  shuttle(direction: 1 | -1, isSlow: boolean): void {
    this.range = undefined;
    this.#setSpeed(nextSpeed(this.speed, direction, isSlow));
  }

  /** Plays a stretch and stops at its last frame, or repeats it. */
  playRange(range: Range): void {
    this.go(range.start);
    this.range = range;
    this.#setSpeed(1);
  }

  // Moving

  /** Shows the frame of a date. A pause stays a pause. */
  go(date: number): void {
    const holding = this.#source?.holding();
    if (!holding) return;
    this.range = undefined;
    this.#backwards = undefined;
    if (this.speed < 0) this.#setSpeed(0);
    const frame = frameDuration(this.fps);
    this.#seek(Math.min(Math.max(date, holding.oldest), holding.edge - frame));
  }

  /** Moves by time. A time off air is passed, whether it lies before or after. */
  move(ms: number): void {
    const from = this.#target ?? this.now;
    if (from === undefined) return;
    const frame = frameDuration(this.fps);
    this.go(passGap(from + ms, ms, this.#source?.offAir() ?? [], frame));
  }

  /** Moves by frames, and pauses. */
  step(frames: number): void {
    const from = this.#target ?? this.now;
    const deck = this.#decks.current;
    if (from === undefined || !deck) return;
    this.pause();
    this.isLive = false;
    const date = stepFrames(deck.segments, from, frames, this.fps);
    const isAtEnd = Math.abs(date - from) < 1;
    // Beyond the loaded window the next frame is in the next window.
    this.#seek(isAtEnd ? from + frames * frameDuration(this.fps) : date);
  }

  /** Goes to the live picture and plays. */
  goLive(): void {
    this.range = undefined;
    this.#stopShuttle();
    this.#queued = undefined;
    this.#target = undefined;
    this.isLive = true;
    const deck = this.#decks.current;
    if (deck && deck.window.end === undefined && !this.#isOver(deck.window)) {
      this.#decks.dropNext();
      deck.seekLive();
      this.#setSpeed(1);
    } else this.#load(undefined, true);
  }

  // Inside

  #seek(date: number): void {
    const deck = this.#decks.current;
    this.#target = date;
    this.isLive = false;
    if (!deck?.covers(date) || this.#isOver(deck.window)) {
      this.#load(date, !this.isPaused);
      return;
    }
    this.#decks.dropNext();
    if (deck.isSeeking) {
      this.#queued = date;
      return;
    }
    deck.seek(date);
  }

  #load(date: number | undefined, play: boolean): void {
    const holding = this.#source?.holding();
    const source = this.#source;
    if (!holding || !source) return;
    const near = nearWindow(holding);
    const isFar = date !== undefined && date < near.start;
    const window = isFar ? pageOf(date, holding) : near;
    this.#target = date;
    this.#decks.load(window, source.manifest, date, play);
  }

  /** Shows the deck that has loaded. */
  #swap(): void {
    const next = this.#decks.swap();
    if (!next) return;
    this.failure = undefined;
    this.fps = next.deck.clock.fps;
    if (next.plays) this.#setSpeed(this.speed > 0 ? this.speed : 1);
    else this.#setSpeed(0);
  }

  #setSpeed(speed: number): void {
    const video = this.#decks.current?.video;
    this.speed = speed;
    this.isPaused = speed === 0;
    this.#backwards = undefined;
    this.#decks.nextPlays = speed > 0;
    if (!video) return;
    if (speed > 0) {
      video.playbackRate = speed;
      void video.play().catch(() => this.#onBlocked(video));
      return;
    }
    video.pause();
    if (speed === 0) return;
    this.isLive = false;
    this.#backwards = { from: this.now ?? 0, clock: performance.now() };
    this.#runBackwards();
  }

  #stopShuttle(): void {
    this.#backwards = undefined;
    this.range = undefined;
  }

  /** Browsers refuse to play with sound before the operator has touched the page. */
  #onBlocked(video: HTMLVideoElement): void {
    if (video.muted || video !== this.#decks.current?.video) return;
    video.muted = true;
    void video.play().catch(() => undefined);
  }

  /** Browsers cannot play backwards: each seek goes to where the tape would be by now. */
  #runBackwards(): void {
    const back = this.#backwards;
    const deck = this.#decks.current;
    const oldest = this.#source?.holding()?.oldest ?? 0;
    if (!back || !deck) return;
    const date = back.from + this.speed * (performance.now() - back.clock);
    if (date <= oldest) {
      this.#setSpeed(0);
      this.#seek(oldest + frameDuration(this.fps));
      return;
    }
    // The next step follows when this frame is on the screen; see `#onSettled`.
    const segments = deck.segments;
    const frame = deck.covers(date) ? frameStart(segments, date, this.fps) : date;
    if (this.now !== undefined && frame >= this.now) {
      requestAnimationFrame(() => this.#runBackwards());
      return;
    }
    this.#target = frame;
    if (deck.covers(frame)) deck.seek(frame);
    else this.#load(frame, false);
  }

  #onSegments(deck: Deck): void {
    if (deck.window.end === undefined && deck.segments.length) this.#source?.observe(deck.segments);
  }

  #onFrame(deck: Deck, date: number): void {
    if (deck === this.#decks.next) {
      // Only a deck without a date gets here: others are ready when their seek has ended.
      if (this.#target === undefined) this.#swap();
      else return;
    }
    if (deck !== this.#decks.current) return;
    this.now = date;
    if (!deck.isSeeking && !this.isPaused) this.#target = undefined;
    this.#keepInRange(date);
    this.#keepLive(deck);
  }

  #onSettled(deck: Deck, date: number): void {
    const isSwap = deck === this.#decks.next;
    const wasBackwards = this.#backwards;
    const speed = this.speed;
    if (isSwap) this.#swap();
    if (deck !== this.#decks.current) return;
    this.now = date;
    const queued = this.#queued;
    this.#queued = undefined;
    if (queued !== undefined) {
      this.#seek(queued);
      return;
    }
    this.#target = undefined;
    if (!wasBackwards) return;
    if (isSwap) {
      this.speed = speed;
      this.isPaused = false;
      this.#backwards = wasBackwards;
    }
    this.#runBackwards();
  }

  #keepInRange(date: number): void {
    const range = this.range;
    if (!range || this.#target !== undefined) return;
    if (date < range.end - LEAD_FRAMES * frameDuration(this.fps)) return;
    if (range.isLoop) {
      this.#target = range.start;
      this.#decks.current?.seek(range.start);
      return;
    }
    this.range = undefined;
    this.#setSpeed(0);
    this.#seek(range.end - frameDuration(this.fps) / 2);
  }

  /** Loads the next near window before the manifest of this one is not found any more. */
  #keepLive(deck: Deck): void {
    if (this.#decks.next || deck.window.end !== undefined || !this.#isOver(deck.window)) return;
    this.#load(this.isLive ? undefined : this.now, !this.isPaused);
  }

  #isOver(window: ManifestWindow): boolean {
    const holding = this.#source?.holding();
    return !!holding && window.end === undefined && isNearWindowOver(window, holding);
  }

  /** Whether the picture is so near to the edge that it counts as live. */
  get isNearEdge(): boolean {
    const edge = this.#source?.holding()?.edge;
    return edge !== undefined && this.now !== undefined && edge - this.now < LIVE_MS;
  }

  #onEnded(deck: Deck): void {
    const end = deck.window.end;
    if (deck !== this.#decks.current || end === undefined || this.isPaused) return;
    this.#load(Math.max(end, deck.edge ?? end), true);
  }

  #onFailed(deck: Deck, reason: 'not-found' | 'encrypted' | 'broken'): void {
    const isNext = deck === this.#decks.next;
    if (!isNext && deck !== this.#decks.current) return;
    if (isNext && reason === 'not-found' && deck.window.end !== undefined) {
      this.#passPage(deck.window.start, deck.window.end);
      return;
    }
    this.failure = reason;
    if (isNext) this.#decks.dropNext();
    if (reason === 'encrypted') return;
    const date = isNext ? this.#target : this.isLive ? undefined : this.now;
    const play = !this.isPaused || this.now === undefined;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#load(date, play), RETRY_MS);
  }

  /** Passes an old page without segments: the stream was off air for all of it. */
  #passPage(start: number, end: number): void {
    const play = this.#decks.nextPlays;
    const holding = this.#source?.holding();
    this.#decks.dropNext();
    if (!holding) return;
    const goesBack = (this.#target ?? end) < (this.now ?? start) && start > pageStart(holding);
    const next = Math.min(end, nearWindow(holding).start);
    this.#load(goesBack ? start - frameDuration(this.fps) / 2 : next, play);
  }
}
