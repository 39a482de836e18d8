/** Tests of the part of a clip's media that is played. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partSeconds, requestedPart } from './part.ts';

const at = (seconds: string) => `2020-02-03T13:30:${seconds}Z`;
const actual = { start: at('56'), end: at('59'), durationSeconds: 3 };

test('the part starts and ends at the requested millisecond', () => {
  const requested = { start: at('56.480'), end: at('58.520') };
  assert.deepEqual(requestedPart({ requested, actual }), { start: 0.48, end: 2.52 });
  assert.equal(partSeconds({ requested, actual }), 2.04);
});

test('media that ends where the part ends needs no stop', () => {
  assert.deepEqual(requestedPart({ requested: { start: at('56'), end: at('59') }, actual }), {
    start: 0,
  });
});

test('a file is shown whole', () => {
  assert.deepEqual(requestedPart({ actual }), { start: 0 });
  assert.equal(partSeconds({ actual }), 3);
});

test('without bounds all of the media is shown', () => {
  const requested = { start: at('56'), end: at('58') };
  assert.deepEqual(requestedPart({ requested }), { start: 0 });
});
