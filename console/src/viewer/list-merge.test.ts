/** Tests of merging polled pages into a list. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipAt } from './clips.testing.ts';
import { insertClips, mergePage } from './list-merge.ts';
import type { Clip } from './part.ts';

const seconds = (clips: readonly Clip[]) => clips.map(({ clip }) => Number(clip.slice(12, 14)));
const clips = (...starts: number[]) => starts.map((second) => clipAt(second));

test('an unchanged page changes nothing', () => {
  const list = clips(9, 7, 5, 3);
  const merged = mergePage(list, clips(9, 7), { hasNext: true });
  assert.equal(merged.clips, list);
  assert.deepEqual(merged.fresh, []);
});

test('new clips are found wherever they stand in the page', () => {
  const merged = mergePage(clips(9, 5, 3), clips(11, 9, 7, 5), { hasNext: true });
  assert.deepEqual(seconds(merged.fresh), [11, 7]);
  assert.deepEqual(seconds(merged.clips), [9, 5, 3]);
  assert.equal(merged.hasGap, false);
});

test('a page of new clips only leaves a gap', () => {
  assert.equal(mergePage(clips(3, 1), clips(9, 7), { hasNext: true }).hasGap, true);
  assert.equal(mergePage(clips(3, 1), clips(9, 7), { hasNext: false }).hasGap, false);
  assert.equal(mergePage([], clips(9, 7), { hasNext: true }).hasGap, false);
});

test('a clip that the page lacks is removed, a clip beyond the page is not', () => {
  const merged = mergePage(clips(9, 7, 5, 3, 1), clips(9, 5), { hasNext: true });
  assert.deepEqual(seconds(merged.clips), [9, 5, 3, 1]);
  assert.deepEqual(seconds(mergePage(clips(9, 7, 5), clips(9), { hasNext: false }).clips), [9]);
  assert.deepEqual(mergePage(clips(9), [], { hasNext: false }).clips, []);
});

test('clips before the polled part stay', () => {
  const merged = mergePage(clips(1, 3, 5, 7), clips(7, 9), { hasNext: false, first: 3 });
  assert.deepEqual(seconds(merged.clips), [1, 3, 5, 7]);
  assert.deepEqual(seconds(merged.fresh), [9]);
});

test('an edited clip replaces the older one, a stale page does not', () => {
  const edited = clipAt(5, { updatedAt: '2020-02-03T14:00:00Z' });
  const [first] = mergePage([clipAt(5)], [edited], { hasNext: false }).clips;
  assert.equal(first, edited);
  const [kept] = mergePage([edited], [clipAt(5)], { hasNext: false }).clips;
  assert.equal(kept, edited);
});

test('new clips are inserted in the order of the list, each once', () => {
  assert.deepEqual(seconds(insertClips(clips(9, 5), clips(7, 5, 11), 'newest')), [11, 9, 7, 5]);
  assert.deepEqual(seconds(insertClips(clips(5, 9), clips(11), 'oldest')), [5, 9, 11]);
});
