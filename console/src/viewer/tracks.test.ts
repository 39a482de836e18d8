/** Tests of the sounds and the captions of a video. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Hls from 'hls.js';
import { captionsOf, hideOtherCaptions, showCaptions, soundsOf } from './tracks.ts';

const textTrack = (kind: string, label: string, mode = 'disabled', language = '') =>
  ({ kind, label, mode, language }) as TextTrack;

test('one sound is no choice', () => {
  const hls = { audioTracks: [{ name: 'English' }], audioTrack: 0 } as unknown as Hls;
  assert.deepEqual(soundsOf(hls).sounds, []);
  const two = { audioTracks: [{ name: 'English' }, { lang: 'fr' }], audioTrack: 1 };
  assert.deepEqual(soundsOf(two as unknown as Hls), {
    sounds: [
      { index: 0, label: 'English', language: '' },
      { index: 1, label: 'fr', language: 'fr' },
    ],
    sound: 1,
  });
});

test('captions in the video are offered if there are no renditions of them', () => {
  const embedded = [textTrack('metadata', ''), textTrack('captions', '', 'hidden', 'en')];
  const inVideo = { index: 1, label: 'en', language: 'en', isInVideo: true };
  assert.deepEqual(captionsOf(embedded), { captions: [inVideo], caption: -1 });
  const both = [textTrack('captions', 'CC', 'showing'), textTrack('subtitles', 'English')];
  const rendition = { index: 1, label: 'English', language: '', isInVideo: false };
  assert.deepEqual(captionsOf(both), { captions: [rendition], caption: -1 });
});

test('captions are not shown twice', () => {
  const tracks = [
    textTrack('subtitles', 'English', 'showing'),
    textTrack('captions', 'CC', 'showing'),
  ];
  hideOtherCaptions(tracks);
  assert.deepEqual(
    tracks.map((it) => it.mode),
    ['showing', 'disabled'],
  );
  const alone = [textTrack('captions', 'CC', 'showing')];
  hideOtherCaptions(alone);
  assert.equal(alone[0]?.mode, 'showing');
});

test('the chosen captions are shown, and no others', () => {
  const tracks = [
    textTrack('subtitles', 'English', 'showing'),
    textTrack('subtitles', 'Français'),
    textTrack('metadata', '', 'hidden'),
  ];
  showCaptions(tracks, 1);
  assert.deepEqual(
    tracks.map((it) => it.mode),
    ['disabled', 'showing', 'hidden'],
  );
  assert.equal(captionsOf(tracks).caption, 1);
  showCaptions(tracks, -1);
  assert.equal(captionsOf(tracks).caption, -1);
});
