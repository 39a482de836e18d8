import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Polled, Poller } from './poller.ts';
import { TestTimers } from './timers.testing.ts';

const intervals = { visible: 1500, hidden: 5000 };

/** A poller whose requests have these outcomes; the last one repeats. */
function poll(...outcomes: (Polled | Error)[]) {
  const timers = new TestTimers();
  const times: number[] = [];
  const failures: unknown[] = [];
  const poller = new Poller({
    async ask() {
      times.push(timers.now());
      const [outcome] = outcomes.length > 1 ? outcomes.splice(0, 1) : outcomes;
      if (typeof outcome === 'string') return outcome;
      throw outcome;
    },
    answered: (failure) => failures.push(failure),
    retryAfter: (failure) => Number((failure as Error).message) || undefined,
    intervals,
    timers,
  });
  return { poller, timers, times, failures };
}

test('a visible page asks every 1.5 s, a hidden one every 5 s', async () => {
  const { poller, timers, times } = poll('done');
  poller.start();
  await timers.advance(3000);
  assert.deepEqual(times, [0, 1500, 3000]);
  poller.setVisible(false);
  await timers.advance(7000);
  assert.deepEqual(times, [0, 1500, 3000, 4500, 9500]);
  poller.setVisible(true);
  await timers.advance(0);
  assert.equal(times.at(-1), 10_000);
});

test('a page that is not the last is followed by the next at once', async () => {
  const { poller, timers, times } = poll('more', 'more', 'done');
  poller.start();
  await timers.advance(1500);
  assert.deepEqual(times, [0, 0, 0, 1500]);
});

test('without replies the pauses grow up to 15 s, and end with a reply', async () => {
  const away = new Error('no reply');
  const { poller, timers, times, failures } = poll(away, away, away, away, away, away, 'done');
  poller.start();
  await timers.advance(0);
  assert.equal(poller.nextTry, 1500);
  await timers.advance(52_500);
  assert.deepEqual(times, [0, 1500, 4500, 10_500, 22_500, 37_500, 52_500]);
  assert.equal(poller.nextTry, undefined);
  assert.deepEqual(failures, [away, away, away, away, away, away, undefined]);
  await timers.advance(1500);
  assert.equal(times.at(-1), 54_000);
});

test('Retry-After is kept if it is longer than the pause', async () => {
  const { poller, timers, times } = poll(new Error('20'), 'done');
  poller.start();
  await timers.advance(20_000);
  assert.deepEqual(times, [0, 20_000]);
});

test('wake asks now, and once more after a request that is running', async () => {
  const timers = new TestTimers();
  const answers: (() => void)[] = [];
  const ask = () => new Promise<Polled>((resolve) => answers.push(() => resolve('done')));
  const poller = new Poller({ ask, intervals, timers });
  poller.start();
  poller.wake();
  assert.equal(answers.length, 1);
  answers[0]?.();
  await timers.advance(0);
  assert.equal(answers.length, 2);
  answers[1]?.();
  await timers.advance(100);
  poller.wake();
  assert.equal(answers.length, 3);
});

test('a stopped poller asks no more, and its last request is cut off', async () => {
  const timers = new TestTimers();
  let cut = false;
  const ask = (signal: AbortSignal) =>
    new Promise<Polled>((_, reject) =>
      signal.addEventListener('abort', () => {
        cut = true;
        reject(signal.reason);
      }),
    );
  const poller = new Poller({ ask, intervals, timers });
  poller.start();
  poller.stop();
  await timers.advance(60_000);
  assert.equal(cut, true);
});
