/** Tests of how precisely the next clips are cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Precision } from '../settings/settings.svelte.ts';
import { nextPrecision, precisionField, wordsOf } from './precision.ts';

test('a cut has a precision only if the operator has chosen one', () => {
  assert.deepEqual(precisionField(undefined), {});
  assert.deepEqual(precisionField('frame'), { precision: 'frame' });
  assert.deepEqual(precisionField('segment'), { precision: 'segment' });
});

test('the key goes through the choices and back to the channel', () => {
  let chosen: Precision | undefined;
  const seen = [0, 1, 2].map(() => {
    chosen = nextPrecision(chosen);
    return chosen;
  });
  assert.deepEqual(seen, ['frame', 'segment', undefined]);
});

test('without a choice, the setting of the channel is said', () => {
  assert.equal(wordsOf('segment', 'frame'), 'segments');
  assert.equal(wordsOf(undefined, 'frame'), 'as the channel is set, exact frames');
  assert.equal(wordsOf(undefined, undefined), 'as the channel is set');
});
