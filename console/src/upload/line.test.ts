/** Checks when a lost line is tried again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserLine } from './line.ts';

/** A window that is online or not. */
class FakeWindow extends EventTarget {
  constructor(readonly navigator: { onLine: boolean }) {
    super();
  }
}

function lineOf(onLine: boolean) {
  const page = new FakeWindow({ onLine });
  return { page, line: browserLine(page as unknown as Window) };
}

test('an offline line is tried as soon as it is back', async () => {
  const { page, line } = lineOf(false);
  const waiting = line.waitToRetry(1, new AbortController().signal);
  page.dispatchEvent(new Event('online'));
  await waiting;
});

test('an offline line is tried after 30 s all the same', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const waiting = lineOf(false).line.waitToRetry(1, new AbortController().signal);
  let isOver = false;
  void waiting.then(() => {
    isOver = true;
  });
  context.mock.timers.tick(29_999);
  await Promise.resolve();
  assert.equal(isOver, false);
  context.mock.timers.tick(1);
  await waiting;
});

test('a canceled upload does not wait', async () => {
  const aborter = new AbortController();
  const waiting = lineOf(true).line.waitToRetry(9, aborter.signal);
  aborter.abort(new Error('canceled'));
  await assert.rejects(waiting, /canceled/);
  await assert.rejects(lineOf(true).line.waitToRetry(1, aborter.signal), /canceled/);
});
