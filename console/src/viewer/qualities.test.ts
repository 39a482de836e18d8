/** Tests of the quality menu. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameQualities } from './qualities.ts';

const at = (height: number, bitrate: number, frameRate = 25, width = (height * 16) / 9) => ({
  width,
  height,
  frameRate,
  bitrate,
});
const labels = (...renditions: ReturnType<typeof at>[]) =>
  nameQualities(renditions).map(({ index, label }) => `${index} ${label}`);

test('qualities are named by their lines, best first', () => {
  assert.deepEqual(labels(at(360, 8e5), at(1080, 5e6), at(720, 3e6)), [
    '1 1080p',
    '2 720p',
    '0 360p',
  ]);
});

test('a simple picture may need more bits when it is small', () => {
  assert.deepEqual(labels(at(240, 3e5), at(360, 2e5)), ['1 360p', '0 240p']);
});

test('high frame rates are named', () => {
  assert.deepEqual(labels(at(720, 3e6, 50), at(720, 2e6, 59.94)), ['0 720p50', '1 720p60']);
});

test('two renditions of the same name have their bit rate', () => {
  assert.deepEqual(labels(at(720, 3e6), at(720, 1.5e6)), [
    '0 720p · 3.0 Mbit/s',
    '1 720p · 1.5 Mbit/s',
  ]);
});

test('upright pictures are named by their width, unknown ones by their bit rate', () => {
  assert.deepEqual(labels(at(1920, 5e6, 25, 1080)), ['0 1080p']);
  assert.deepEqual(labels(at(0, 5e6)), ['0 5.0 Mbit/s']);
});
