/** Tests of following one clip until it plays. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipAt } from './clips.testing.ts';
import type { Clip } from './part.ts';
import { type Reply, UnusableReply } from './requests.ts';
import { WatchedClip } from './watched-clip.svelte.ts';

const ready = clipAt(1);
const queued = { ...ready, status: 'queued', manifest: undefined } as unknown as Clip;

/** A clip whose replies come one after the other. */
function watch(replies: (Reply<Clip> | Error)[], known?: Clip) {
  let asked = 0;
  const request = async () => {
    const reply = replies[asked++];
    if (!reply) throw new Error('asked too often');
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return new WatchedClip(ready, request, known);
}

test('a clip is polled until it is ready', async () => {
  const watched = watch([
    { status: 200, data: queued, etag: '"a"' },
    { status: 304, etag: '"a"' },
    { status: 200, data: ready, etag: '"b"' },
  ]);
  const stages = [];
  for (let at = 0; at < 4; at++) {
    await watched.poll();
    stages.push(watched.stage);
  }
  assert.deepEqual(stages, ['waiting', 'waiting', 'ready', 'ready']);
});

test('a clip of a list plays without a request', async () => {
  const watched = watch([], ready);
  assert.equal(watched.stage, 'ready');
  await watched.poll();
});

test('an unknown clip is gone', async () => {
  const watched = watch([{ status: 404 }]);
  await watched.poll();
  assert.equal(watched.stage, 'gone');
});

test('without a reply the page says so, and keeps a clip that it shows', async () => {
  const down = new UnusableReply(503);
  const watched = watch([down, { status: 200, data: queued }, down, { status: 200, data: ready }]);
  await assert.rejects(watched.poll());
  assert.equal(watched.stage, 'offline');
  await watched.poll();
  await assert.rejects(watched.poll());
  assert.equal(watched.stage, 'waiting');
  await watched.poll();
  assert.equal(watched.stage, 'ready');
});
