/** The two decks of the live player: one is shown while the other loads another window. */

import { Deck, type DeckEvents } from './deck.ts';
import { LiveTracks } from './live-tracks.svelte.ts';
import type { ManifestWindow } from './windows.ts';

/** The deck that loads, and whether it plays when it is shown. */
interface NextDeck {
  readonly deck: Deck;
  readonly plays: boolean;
}

export class DeckPair {
  /** The video element that is shown. */
  shown = $state.raw<HTMLVideoElement>();
  /** Whether another window is being loaded. The old picture stays on the screen meanwhile. */
  isLoading = $state(false);
  /** The sound and the captions of the deck that is shown. */
  readonly tracks = new LiveTracks();

  #videos: readonly [HTMLVideoElement, HTMLVideoElement] | undefined;
  #current: Deck | undefined;
  #next: NextDeck | undefined;

  readonly #events: DeckEvents;

  constructor(events: Omit<DeckEvents, 'tracks'>) {
    this.#events = { ...events, tracks: (deck) => this.tracks.update(deck) };
  }

  /** The deck that is shown. */
  get current(): Deck | undefined {
    return this.#current;
  }

  /** The deck that loads, and replaces the other when its frame is ready. */
  get next(): Deck | undefined {
    return this.#next?.deck;
  }

  /** Whether the next deck plays when it is shown. */
  get nextPlays(): boolean {
    return this.#next?.plays ?? false;
  }

  set nextPlays(plays: boolean) {
    if (this.#next) this.#next = { deck: this.#next.deck, plays };
  }

  /** Takes the two video elements of the page. */
  attach(videos: readonly [HTMLVideoElement, HTMLVideoElement]): void {
    this.#videos = videos;
    this.shown = videos[0];
  }

  /** Gives the video elements back. */
  detach(): void {
    this.close();
    this.#videos = undefined;
  }

  /** Closes both decks. The last picture stays on the screen. */
  close(): void {
    this.dropNext();
    this.tracks.close();
    this.#current?.close();
    this.#current = undefined;
  }

  /** Loads a window into the video element that is not shown. Without a date, its live edge. */
  load(window: ManifestWindow, manifest: string, date: number | undefined, plays: boolean): void {
    if (!this.#videos) return;
    const next = this.#next?.deck;
    if (next && next.window.start === window.start && next.window.end === window.end) {
      this.nextPlays = plays;
      if (date === undefined) next.seekLive();
      else next.seek(date);
      return;
    }
    this.dropNext();
    const [first, second] = this.#videos;
    const video = this.#current?.video === first ? second : first;
    const deck = new Deck(video, window, manifest, this.#events);
    this.#next = { deck, plays };
    this.isLoading = true;
    video.muted = true;
    video.playbackRate = 1;
    void deck.open(date);
    // A deck without a date is ready with its first frame, which needs `play`.
    if (date === undefined) void video.play().catch(() => undefined);
  }

  /** Gives up what loads. */
  dropNext(): void {
    this.#next?.deck.close();
    this.#next = undefined;
    this.isLoading = false;
  }

  /** Shows the deck that has loaded, and closes the other one. Returns it. */
  swap(): NextDeck | undefined {
    const [old, next] = [this.#current, this.#next];
    if (!next) return undefined;
    this.#current = next.deck;
    this.#next = undefined;
    this.isLoading = false;
    next.deck.video.muted = old?.video.muted ?? next.deck.video.muted;
    this.shown = next.deck.video;
    this.tracks.show(next.deck);
    old?.video.pause();
    old?.close();
    return next;
  }
}
