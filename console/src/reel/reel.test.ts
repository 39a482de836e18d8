/** Checks the clips of a reel and their order. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from '../clip/clip.ts';
import { byTime, lengthOf, MAX_PARTS, moved, placeAt, problemOf, refusedPlace } from './reel.ts';

const clip = (name: string, second: number, status = 'ready', created = 0) =>
  ({
    clip: name,
    status,
    source: 'live',
    createdAt: new Date(created).toISOString(),
    requested: {
      start: new Date(Date.UTC(2020, 1, 3, 13, 30, second)).toISOString(),
      end: new Date(Date.UTC(2020, 1, 3, 13, 30, second + 5)).toISOString(),
    },
  }) as unknown as Clip;
const names = (clips: readonly Clip[]) => clips.map((it) => it.clip);

test('a reel begins in the order in which its clips happened', () => {
  const chosen = byTime([clip('late', 40), clip('early', 10), clip('between', 20)]);
  assert.deepEqual(names(chosen), ['early', 'between', 'late']);
  assert.equal(lengthOf(chosen), 15_000);
  const both = byTime([clip('second', 10, 'ready', 9), clip('first', 10, 'ready', 8)]);
  assert.deepEqual(names(both), ['first', 'second'], 'the one that was cut first comes first');
});

test('a clip moves to a place, and not beyond the ends', () => {
  const order = ['a', 'b', 'c', 'd'];
  assert.deepEqual(moved(order, 0, 2), ['b', 'c', 'a', 'd']);
  assert.deepEqual(moved(order, 3, 1), ['a', 'd', 'b', 'c']);
  assert.deepEqual(moved(order, 1, 9), ['a', 'c', 'd', 'b']);
  assert.equal(moved(order, 0, -1), order);
  assert.equal(moved(order, 2, 2), order);
});

test('a dragged clip takes the place of those whose middle the pointer has passed', () => {
  // The rows around the dragged one. The second is higher than the others.
  const others = [
    { top: 0, bottom: 40 },
    { top: 80, bottom: 180 },
    { top: 180, bottom: 220 },
  ];
  assert.deepEqual(
    [-50, 19, 21, 129, 131, 199, 201, 999].map((pointer) => placeAt(pointer, others)),
    [0, 0, 1, 1, 2, 2, 3, 3],
  );
});

test('a reel needs two ready clips, and takes no more than the service does', () => {
  assert.equal(problemOf([clip('a', 1)]), 'too-few');
  assert.equal(problemOf([clip('a', 1), clip('b', 2, 'packaging')]), 'not-ready');
  const many = Array.from({ length: MAX_PARTS + 1 }, (_, at) => clip(`${at}`, at));
  assert.equal(problemOf(many), 'too-many');
  assert.equal(problemOf(many.slice(1)), undefined);
});

test('a refusal names the clip by its place', () => {
  assert.equal(refusedPlace('clips[12]'), 12);
  assert.equal(refusedPlace('clips'), undefined);
  assert.equal(refusedPlace(undefined), undefined);
});
