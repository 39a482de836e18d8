/** Tests of finding the clips to watch next. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipAt } from './clips.testing.ts';
import { findMoreClips } from './more-clips.ts';
import type { ListQuery } from './requests.ts';

/** A library of clips that start at these seconds. It compares whole seconds, as the API does. */
const library = (...seconds: number[]) => {
  const all = seconds.map((second) => clipAt(second));
  return async (_: string, { to, limit }: ListQuery) => {
    const clips = all.filter(
      ({ requested }) => !to || wholeSeconds(requested?.start ?? '') < Date.parse(to),
    );
    return { status: 200, data: { clips: clips.slice(0, limit) } };
  };
};
const wholeSeconds = (time: string) => Math.floor(Date.parse(time) / 1000) * 1000;
const seconds = async (found: ReturnType<typeof findMoreClips>) =>
  (await found).map(({ clip }) => Number(clip.slice(12, 14)));

test('the clips before a clip come next', async () => {
  const ten = library(9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const found = findMoreClips(clipAt(8), clipAt(8), ten);
  assert.deepEqual(await seconds(found), [7, 6, 5, 4, 3, 2, 1, 0]);
});

test('a clip that starts within a second is not offered after itself', async () => {
  const start = '2020-02-03T13:30:08.280Z';
  const clip = clipAt(8, { requested: { start, end: '2020-02-03T13:30:20Z' } });
  assert.deepEqual(await seconds(findMoreClips(clip, clip, library(9, 8, 7))), [7, 9]);
});

test('after the first clips of a competition come the newest', async () => {
  const found = findMoreClips(clipAt(1), clipAt(1), library(9, 8, 1, 0));
  assert.deepEqual(await seconds(found), [0, 9, 8]);
});

test('in place of a clip that is gone, the newest are offered', async () => {
  assert.deepEqual(await seconds(findMoreClips(clipAt(5), undefined, library(9, 8))), [9, 8]);
});
