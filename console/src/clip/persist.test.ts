import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestFailed } from '../api/problem.ts';
import { persist } from './persist.ts';
import { TestTimers } from './timers.testing.ts';

const refusal = new RequestFailed({
  type: 'urn:matchcut:problem:clip-removed',
  title: 'Clip removed',
  status: 409,
  detail: 'The clip was deleted and its media is being removed. Cut it again.',
});

/** A request that fails with these failures and then succeeds. */
function request(...failures: RequestFailed[]) {
  let sent = 0;
  return {
    count: () => sent,
    async send() {
      sent += 1;
      const failure = failures.shift();
      if (failure) throw failure;
      return 'reply';
    },
  };
}

test('a request without a reply is sent again until there is one', async () => {
  const timers = new TestTimers();
  const { send, count } = request(new RequestFailed(), new RequestFailed());
  const reply = persist(send, undefined, timers);
  await timers.advance(10_000);
  assert.equal(await reply, 'reply');
  assert.equal(count(), 3);
});

test('a refusal is not repeated', async () => {
  const { send, count } = request(refusal);
  await assert.rejects(persist(send, undefined, new TestTimers()), refusal);
  assert.equal(count(), 1);
});

test('a request is given up when its time is over', async () => {
  const timers = new TestTimers();
  const lost = Array.from({ length: 10 }, () => new RequestFailed());
  const { send, count } = request(...lost);
  const reply = assert.rejects(persist(send, 5_000, timers), RequestFailed);
  await timers.advance(60_000);
  await reply;
  assert.equal(count(), 3);
});
