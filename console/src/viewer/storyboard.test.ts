/** Tests of storyboards. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStoryboard, Storyboard } from './storyboard.svelte.ts';

const URL = 'https://clips.example.com/media/clip-1/storyboard.vtt';
const picture = (number: number) =>
  `https://clips.example.com/media/clip-1/clip_thumbnail.000000${number}.jpg`;
const TRACK =
  'WEBVTT\n\n00:00:00.000 --> 00:00:03.050\nclip_thumbnail.0000000.jpg\n\n' +
  '00:00:03.050 --> 00:00:06.101\nclip_thumbnail.0000001.jpg\n';

test('cues name pictures beside the track', () => {
  assert.deepEqual(parseStoryboard(TRACK, URL), [
    { start: 0, end: 3.05, url: picture(0) },
    { start: 3.05, end: 6.101, url: picture(1) },
  ]);
});

test('cues may have names, short times and lines of Windows', () => {
  const text =
    'WEBVTT\r\n\r\nNOTE a note\r\n\r\n1\r\n01:02.500 --> 01:01:02.500 line:0\r\n/a.jpg\r\n';
  assert.deepEqual(parseStoryboard(text, URL), [
    { start: 62.5, end: 3662.5, url: 'https://clips.example.com/a.jpg' },
  ]);
  assert.deepEqual(parseStoryboard('<html>', URL), []);
});

test('the picture of a time is that of its cue, and outside of the clip there is none', async () => {
  const board = new Storyboard(URL, async () => TRACK);
  assert.equal(board.pictureAt(1), undefined);
  await board.want();
  const shown = [-0.1, 0, 3, 3.05, 6.101, 6.2].map((it) => board.pictureAt(it));
  assert.deepEqual(shown, [undefined, picture(0), picture(0), picture(1), picture(1), undefined]);
});

test('a storyboard is read once, and again only after a failure', async () => {
  let reads = 0;
  const board = new Storyboard(URL, async () => {
    reads += 1;
    if (reads === 1) throw new TypeError('fetch failed');
    return TRACK;
  });
  for (let time = 0; time < 4; time += 1) await board.want();
  assert.equal(reads, 2);
  assert.equal(board.pictureAt(0), picture(0));
});
