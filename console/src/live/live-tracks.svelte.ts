/** The sound and the captions of the live picture. A choice lasts while decks follow each other. */

import { NO_TRACKS, type Track, type TrackChooser, type Tracks } from '../viewer/tracks.ts';

/** A deck whose sound and captions can be chosen. */
export interface TrackDeck extends TrackChooser {
  readonly tracks: Tracks;
}

/** The labels of the tracks that the operator has chosen. If absent, the stream chooses. */
interface Wanted {
  sound?: string | undefined;
  /** Empty for none. */
  caption?: string | undefined;
}

export class LiveTracks implements TrackChooser {
  /** The tracks of the deck that is shown. */
  shown = $state.raw<Tracks>(NO_TRACKS);
  #deck: TrackDeck | undefined;
  readonly #wanted: Wanted = {};

  /** Shows a deck. */
  show(deck: TrackDeck): void {
    this.#deck = deck;
    this.update(deck);
  }

  /** Repeats the choice of the operator for a deck whose tracks have changed. */
  update(deck: TrackDeck): void {
    const { sounds, sound, captions, caption } = deck.tracks;
    const { sound: wantedSound, caption: wantedCaption } = this.#wanted;
    const nextSound = indexOf(sounds, wantedSound);
    if (nextSound !== undefined && nextSound !== sound) deck.setSound(nextSound);
    const nextCaption = wantedCaption === '' ? -1 : indexOf(captions, wantedCaption);
    if (nextCaption !== undefined && nextCaption !== caption) deck.setCaption(nextCaption);
    if (deck === this.#deck) this.shown = deck.tracks;
  }

  setSound(index: number): void {
    this.#wanted.sound = labelOf(this.shown.sounds, index);
    this.#deck?.setSound(index);
    if (this.#deck) this.shown = this.#deck.tracks;
  }

  setCaption(index: number): void {
    this.#wanted.caption = index < 0 ? '' : labelOf(this.shown.captions, index);
    this.#deck?.setCaption(index);
    if (this.#deck) this.shown = this.#deck.tracks;
  }

  /** Nothing is shown any more. The next channel keeps the choice if it has such tracks. */
  close(): void {
    this.#deck = undefined;
    this.shown = NO_TRACKS;
  }
}

function indexOf(tracks: readonly Track[], wanted: string | undefined): number | undefined {
  return tracks.find(({ label }) => label === wanted)?.index;
}

function labelOf(tracks: readonly Track[], index: number): string | undefined {
  return tracks.find((it) => it.index === index)?.label;
}
