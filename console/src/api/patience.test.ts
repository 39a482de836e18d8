import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestTimers } from '../clip/timers.testing.ts';
import { repeatThrottled } from './patience.ts';

const URL = 'https://clips.example.com/api/clip';

/** A service that answers with these statuses. `429:20` has a `Retry-After` of 20 s. */
function service(...replies: string[]) {
  const timers = new TestTimers();
  const requests: { at: number; key: string | null; body: string }[] = [];
  const fetcher = (async (request: Request) => {
    const key = request.headers.get('idempotency-key');
    requests.push({ at: timers.now(), key, body: await request.text() });
    const [status = '200', wish] = (replies.shift() ?? '200').split(':');
    const headers: Record<string, string> = wish === undefined ? {} : { 'retry-after': wish };
    return new Response('{}', { status: Number(status), headers });
  }) as typeof fetch;
  return { timers, requests, send: repeatThrottled(fetcher, timers) };
}

const cut = (signal?: AbortSignal) =>
  new Request(URL, {
    method: 'POST',
    headers: { 'idempotency-key': 'k1' },
    body: '{"lastSeconds":30}',
    ...(signal && { signal }),
  });

test('a throttled cut is sent again with its key and body, each time later', async () => {
  const { timers, requests, send } = service('429', '429', '202');
  const reply = send(cut());
  await timers.advance(10_000);
  assert.equal((await reply).status, 202);
  assert.deepEqual(
    requests.map(({ at }) => at),
    [0, 1000, 3000],
  );
  for (const { key, body } of requests) assert.deepEqual([key, body], ['k1', '{"lastSeconds":30}']);
});

test('Retry-After is obeyed, and a long one is left to the caller', async () => {
  const short = service('429:2', '200');
  const reply = short.send(cut());
  await short.timers.advance(10_000);
  assert.equal((await reply).status, 200);
  assert.deepEqual(
    short.requests.map(({ at }) => at),
    [0, 2000],
  );
  const long = service('429:60');
  assert.equal((await long.send(cut())).status, 429);
});

test('a request is repeated three times at most, and not if it was refused for another reason', async () => {
  const { timers, requests, send } = service('429', '429', '429', '429', '429');
  const reply = send(cut());
  await timers.advance(60_000);
  assert.equal((await reply).status, 429);
  assert.equal(requests.length, 4);
  const failing = service('503');
  assert.equal((await failing.send(cut())).status, 503);
  assert.equal(failing.requests.length, 1);
});

test('a request that is given up is not sent again', async () => {
  const { timers, requests, send } = service('429', '200');
  const given = new AbortController();
  const reply = send(cut(given.signal));
  await timers.advance(500);
  given.abort(new Error('given up'));
  await assert.rejects(reply, /given up/);
  await timers.advance(10_000);
  assert.equal(requests.length, 1);
});
