import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Problem, RequestFailed } from '../api/problem.ts';
import type { ClipEdit, CutRequest } from './clip.ts';
import { Outbox, type UnsentCut } from './outbox.ts';
import { TestTimers } from './timers.testing.ts';

const REFUSAL: Problem = {
  type: 'urn:matchcut:problem:window-expired',
  title: 'Window expired',
  status: 422,
  detail: 'The channel no longer keeps the start of the window.',
};
const BODY = { start: '2020-02-03T13:30:58.120Z', end: '2020-02-03T13:31:06.320Z' };

/** A storage that a test can hand to another outbox, as a reload does. */
class TestStorage extends Map<string, string> {
  getItem = (name: string) => this.get(name) ?? null;
  setItem = (name: string, value: string) => void this.set(name, value);
  removeItem = (name: string) => void this.delete(name);
}

/** A service that keeps idempotency keys. `replies` decides what happens to each request. */
function service(replies: ('answered' | 'lost reply' | 'no reply' | RequestFailed)[]) {
  const clips = new Map<string, string>();
  const requests: UnsentCut[] = [];
  async function send(cut: UnsentCut): Promise<string> {
    requests.push(cut);
    const reply = replies.shift() ?? 'answered';
    if (reply instanceof RequestFailed) throw reply;
    if (reply !== 'no reply') clips.set(cut.key, clips.get(cut.key) ?? `clip-${clips.size + 1}`);
    if (reply !== 'answered') throw new RequestFailed();
    return clips.get(cut.key) ?? '';
  }
  return { clips, requests, send };
}

function outbox(send: (cut: UnsentCut) => Promise<string>, storage = new TestStorage()) {
  const timers = new TestTimers();
  const arrived: [UnsentCut, string][] = [];
  const who = { name: 'anna' as string | undefined };
  const box = new Outbox<string, CutRequest, ClipEdit>({
    send,
    arrived: (cut, clip) => arrived.push([cut, clip]),
    changed: () => {},
    operator: () => who.name,
    storage,
    storageKey: 'matchcut.unsent-cuts',
    timers,
  });
  return { box, timers, arrived, storage, who };
}

test('a cut whose reply is lost is sent again and makes one clip', async () => {
  const { clips, requests, send } = service(['no reply', 'lost reply', 'lost reply', 'answered']);
  const { box, timers, arrived } = outbox(send);
  box.add(BODY);
  await timers.advance(60_000);
  assert.equal(requests.length, 4);
  assert.deepEqual([...clips.values()], ['clip-1']);
  assert.deepEqual(
    arrived.map(([, clip]) => clip),
    ['clip-1'],
  );
  assert.deepEqual(box.unsent, []);
});

test('a cut is kept over a reload, with its key', async () => {
  const { clips, send } = service(['lost reply']);
  const before = outbox(send);
  before.box.add(BODY);
  await before.timers.advance(500);
  const after = outbox(send, before.storage);
  assert.equal(after.box.unsent.length, 1);
  after.box.wake();
  await after.timers.advance(0);
  assert.deepEqual([...clips.values()], ['clip-1']);
  assert.equal(after.storage.size, 0);
});

test('a refused cut stays with its reason until it is discarded', async () => {
  const { requests, send } = service([new RequestFailed(REFUSAL)]);
  const { box, timers } = outbox(send);
  const cut = box.add(BODY);
  await timers.advance(60_000);
  assert.equal(requests.length, 1);
  assert.equal(box.unsent[0]?.problem?.type, REFUSAL.type);
  box.discard(cut.key);
  assert.deepEqual(box.unsent, []);
});

test('a refused cut that is repeated has a key of its own', async () => {
  const { requests, send } = service([new RequestFailed(REFUSAL)]);
  const { box, timers, arrived } = outbox(send);
  const cut = box.add(BODY);
  await timers.advance(0);
  box.repeat(cut.key);
  await timers.advance(0);
  assert.notEqual(requests[0]?.key, requests[1]?.key);
  assert.deepEqual(requests[1]?.body, BODY);
  assert.equal(arrived.length, 1);
});

test('a throttled cut waits as long as the service asks for', async () => {
  const throttled = new RequestFailed({ ...REFUSAL, status: 429 } as never, 30);
  const { requests, send } = service([throttled]);
  const { box, timers } = outbox(send);
  box.add(BODY);
  await timers.advance(29_000);
  assert.equal(requests.length, 1);
  await timers.advance(1_000);
  assert.equal(requests.length, 2);
});

test('what is typed meanwhile does not change the body, and comes with the clip', async () => {
  const { requests, send } = service(['no reply']);
  const { box, timers, arrived } = outbox(send);
  const cut = box.add(BODY);
  await timers.advance(0);
  box.edit(cut.key, { title: 'Final' });
  box.edit(cut.key, { tags: ['final'] });
  await timers.advance(60_000);
  assert.deepEqual(requests[1]?.body, BODY);
  assert.deepEqual(arrived[0]?.[0].edit, { title: 'Final', tags: ['final'] });
  assert.equal(box.edit(cut.key, { title: 'Late' }), false);
});

test('a cut that was taken back is still sent, because it may have arrived', async () => {
  const { send } = service(['lost reply', 'answered']);
  const { box, timers, arrived } = outbox(send);
  const cut = box.add(BODY);
  await timers.advance(0);
  assert.equal(box.takeBack(cut.key, true), true);
  await timers.advance(60_000);
  assert.equal(arrived[0]?.[0].isTakenBack, true);
});

test('a cut that was taken back and is refused is forgotten', async () => {
  const { send } = service(['no reply', new RequestFailed(REFUSAL)]);
  const { box, timers } = outbox(send);
  const cut = box.add(BODY);
  await timers.advance(0);
  box.takeBack(cut.key, true);
  await timers.advance(60_000);
  assert.deepEqual(box.unsent, []);
});

test('a cut of another operator is not sent under this name', async () => {
  const { requests, send } = service(['no reply']);
  const before = outbox(send);
  before.box.add(BODY);
  await before.timers.advance(0);
  const after = outbox(send, before.storage);
  after.who.name = 'ben';
  after.box.wake();
  await after.timers.advance(60_000);
  assert.equal(requests.length, 1);
  after.who.name = 'anna';
  after.box.wake();
  await after.timers.advance(0);
  assert.equal(requests.length, 2);
});

test('wake sends at once what waits for its next try', async () => {
  const { requests, send } = service(['no reply']);
  const { box, timers } = outbox(send);
  box.add(BODY);
  await timers.advance(100);
  box.wake();
  await timers.advance(0);
  assert.equal(requests.length, 2);
  await timers.advance(60_000);
  assert.equal(requests.length, 2);
});
