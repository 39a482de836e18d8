/** Tests of how precisely a clip is said to be cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from './clip.ts';
import { precisionStateOf } from './precision-state.ts';

function check(fields: object, expected: string | undefined) {
  const clip = { source: 'live', status: 'ready', ...fields } as unknown as Clip;
  assert.equal(precisionStateOf(clip), expected);
}

test('a clip is exact only once its media has the requested frames', () => {
  const asked = { requestedPrecision: 'frame' };
  check({}, 'segments');
  check({ ...asked, status: 'harvesting' }, 'following');
  check({ ...asked, remake: { status: 'transcoding', precision: 'frame' } }, 'following');
  // The frames are made after the harvest.
  check({ ...asked, remake: { status: 'queued' } }, 'following');
  check({ ...asked, remake: { status: 'failed', precision: 'frame' } }, 'missing');
  check(asked, 'missing');
  check({ ...asked, precision: 'frame' }, 'exact');
  check({ ...asked, precision: 'frame', remake: { status: 'failed' } }, 'exact');
});

test('files, and clips without media, have no precision', () => {
  check({ source: 'upload' }, undefined);
  check({ status: 'failed', requestedPrecision: 'frame' }, undefined);
  check({ status: 'deleting' }, undefined);
});
