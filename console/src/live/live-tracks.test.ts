/** Tests of the sound and the captions of the live picture. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tracks } from '../viewer/tracks.ts';
import { LiveTracks, type TrackDeck } from './live-tracks.svelte.ts';

function deckOf(sounds: string[], captions: string[]): TrackDeck & { tracks: Tracks } {
  const toTracks = (labels: string[]) =>
    labels.map((label, index) => ({ index, label, language: '', isInVideo: false }));
  return {
    tracks: { sounds: toTracks(sounds), sound: 0, captions: toTracks(captions), caption: -1 },
    setSound(sound) {
      this.tracks = { ...this.tracks, sound };
    },
    setCaption(caption) {
      this.tracks = { ...this.tracks, caption };
    },
  };
}

test('the next deck has the sound and the captions that were chosen', () => {
  const tracks = new LiveTracks();
  const deck = deckOf(['English', 'Français'], ['English', 'Français']);
  tracks.show(deck);
  tracks.setSound(1);
  tracks.setCaption(0);
  assert.deepEqual([tracks.shown.sound, tracks.shown.caption], [1, 0]);
  // Its tracks are in another order.
  const next = deckOf(['Français', 'English'], ['Français', 'English']);
  tracks.update(next);
  assert.deepEqual([next.tracks.sound, next.tracks.caption], [0, 1]);
  assert.equal(tracks.shown, deck.tracks, 'the deck that is shown is still the first one');
  tracks.show(next);
  assert.equal(tracks.shown, next.tracks);
});

test('captions that were hidden stay hidden, also those that a stream shows by itself', () => {
  const tracks = new LiveTracks();
  tracks.show(deckOf([], ['English']));
  tracks.setCaption(0);
  tracks.setCaption(-1);
  const next = deckOf([], ['English']);
  next.setCaption(0);
  tracks.show(next);
  assert.equal(tracks.shown.caption, -1);
});

test('without a choice the stream chooses', () => {
  const tracks = new LiveTracks();
  const deck = deckOf(['English', 'Français'], ['English']);
  deck.setSound(1);
  deck.setCaption(0);
  tracks.show(deck);
  assert.deepEqual([tracks.shown.sound, tracks.shown.caption], [1, 0]);
  tracks.close();
  assert.deepEqual(tracks.shown.sounds, []);
});

test('a channel without the chosen sound has its own', () => {
  const tracks = new LiveTracks();
  tracks.show(deckOf(['English', 'Français'], []));
  tracks.setSound(1);
  tracks.close();
  const other = deckOf(['Deutsch', 'English'], []);
  tracks.show(other);
  assert.equal(other.tracks.sound, 0);
});
