/** Checks that slots limit what runs at the same time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

const NEVER = new AbortController().signal;

test('no more tasks run than there are slots, in the order of arrival', async () => {
  const slots = new Slots(2);
  const started: number[] = [];
  const endings: (() => void)[] = [];
  const run = (number: number) =>
    slots.run(() => {
      started.push(number);
      return new Promise<void>((resolve) => endings.push(resolve));
    }, NEVER);
  const all = [1, 2, 3, 4].map(run);
  await Promise.resolve();
  assert.deepEqual(started, [1, 2]);
  endings[1]?.();
  await all[1];
  await Promise.resolve();
  assert.deepEqual(started, [1, 2, 3]);
  for (const end of endings) end();
  await all[2];
  for (const end of endings) end();
  await Promise.all(all);
  assert.deepEqual(started, [1, 2, 3, 4]);
});

test('a failed task frees its slot', async () => {
  const slots = new Slots(1);
  await assert.rejects(
    slots.run(() => Promise.reject(new Error('failed')), NEVER),
    /failed/,
  );
  assert.equal(await slots.run(async () => 'next', NEVER), 'next');
});

test('an aborted task leaves the queue and is not run', async () => {
  const slots = new Slots(1);
  const aborter = new AbortController();
  let end = () => {};
  const first = slots.run(() => new Promise<void>((resolve) => (end = resolve)), NEVER);
  const second = slots.run(async () => assert.fail('this task was aborted'), aborter.signal);
  const third = slots.run(async () => 'third', NEVER);
  aborter.abort(new Error('canceled'));
  await assert.rejects(second, /canceled/);
  end();
  await first;
  assert.equal(await third, 'third');
  await assert.rejects(
    slots.run(async () => {}, aborter.signal),
    /canceled/,
  );
});
