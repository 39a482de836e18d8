/** Checks which reel is asked for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from '../clip/clip.ts';
import { MAX_PARTS, reelOf } from './reel.ts';

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

test('a reel has the chosen clips in the order in which they happened', () => {
  const reel = reelOf([clip('late', 40), clip('early', 10), clip('between', 20)], 'Reel');
  assert.deepEqual(reel, { clips: ['early', 'between', 'late'], title: 'Reel' });
  const both = reelOf([clip('second', 10, 'ready', 9), clip('first', 10, 'ready', 8)], '');
  assert.deepEqual(
    both?.clips,
    ['first', 'second'],
    'clips of one moment are in the order of cutting',
  );
});

test('a reel needs two ready clips, and takes no more than the service does', () => {
  assert.equal(reelOf([clip('a', 1)], ''), undefined);
  assert.equal(reelOf([clip('a', 1), clip('b', 2, 'packaging')], ''), undefined);
  const many = Array.from({ length: MAX_PARTS + 1 }, (_, at) => clip(`${at}`, at));
  assert.equal(reelOf(many, ''), undefined);
  assert.equal(reelOf(many.slice(1), '')?.clips.length, MAX_PARTS);
});
