/** Checks actions on many clips. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachItem } from './bulk.ts';

test('every item is handled once, four at a time, and failures are counted', async () => {
  const handled: number[] = [];
  const counts: number[] = [];
  let running = 0;
  let most = 0;
  const items = Array.from({ length: 11 }, (_, index) => index);
  const failed = await forEachItem(
    items,
    async (item) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      handled.push(item);
      if (item === 3) throw new Error('refused');
      return item !== 5;
    },
    (count) => counts.push(count),
  );
  assert.deepEqual(handled, items);
  assert.deepEqual(
    counts,
    items.map((item) => item + 1),
  );
  assert.equal(most, 4);
  assert.equal(failed, 2);
});
