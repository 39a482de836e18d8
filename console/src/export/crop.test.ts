/** Tests of the cut-out of an export. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutOutOf, dragged, movedByKey, offsetOf } from './crop.ts';

const WIDE = 16 / 9;

test('a cut-out is as large as the picture allows', () => {
  assert.deepEqual(cutOutOf('source', WIDE), { moves: 'none', share: 1 });
  assert.deepEqual(cutOutOf('16:9', WIDE), { moves: 'none', share: 1 });
  // 640 by 362 is 16:9 but for the rounding to even numbers.
  assert.deepEqual(cutOutOf('16:9', 640 / 362), { moves: 'none', share: 1 });
  assert.deepEqual(cutOutOf('1:1', WIDE), { moves: 'across', share: 9 / 16 });
  const upright = cutOutOf('9:16', WIDE);
  assert.equal(upright.moves, 'across');
  assert.ok(Math.abs(upright.share - 81 / 256) < 1e-9);
  assert.deepEqual(cutOutOf('16:9', 4 / 3).moves, 'down');
});

test('the crop is a part of the room beside the cut-out', () => {
  const square = cutOutOf('1:1', 2);
  assert.deepEqual(
    [0, 0.5, 1].map((crop) => offsetOf(crop, square)),
    [0, 0.25, 0.5],
  );
  assert.equal(dragged(0.5, 0.1, square), 0.7);
  assert.equal(dragged(0.5, -0.9, square), 0);
  assert.equal(dragged(0.5, 0.9, square), 1);
  assert.equal(dragged(0.5, 0.1, cutOutOf('source', 2)), 0.5);
});

test('arrow keys move the cut-out by a hundredth, with Shift by a tenth', () => {
  assert.equal(movedByKey(0.5, 'ArrowLeft', false), 0.49);
  assert.equal(movedByKey(0.5, 'ArrowDown', true), 0.6);
  assert.equal(movedByKey(0.995, 'ArrowRight', false), 1);
  assert.equal(movedByKey(0.5, 'Home', false), 0);
  assert.equal(movedByKey(0.5, 'End', false), 1);
  assert.equal(movedByKey(0.5, 'a', false), undefined);
});
