/** Tests of the list of clips. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClipList, type ListOptions } from './clip-list.svelte.ts';
import { clipAt } from './clips.testing.ts';
import type { Clip } from './part.ts';
import { type ListQuery, type Reply, UnusableReply } from './requests.ts';

/** A library that pages like the API: a cursor is the id of the last clip of a page. */
class Library {
  asked: ListQuery[] = [];
  isDown = false;

  constructor(public clips: Clip[] = []) {}

  request = async (_: string, query: ListQuery, etag?: string): Promise<Reply<never>> => {
    this.asked.push(query);
    if (this.isDown) throw new UnusableReply(503);
    const sign = query.order === 'oldest' ? -1 : 1;
    const all = this.clips.toSorted((a, b) => (a.clip < b.clip ? sign : -sign));
    const first = all.findIndex(({ clip }) => clip === query.cursor) + 1;
    const page = all.slice(first, first + (query.limit ?? 50));
    const next = first + page.length < all.length ? page.at(-1)?.clip : undefined;
    const body = JSON.stringify([page, next]);
    if (body === etag) return { status: 304, etag };
    const clips = page.filter(({ meta }) => !query.tag || meta.tags.includes(query.tag));
    return { status: 200, data: { clips, ...(next && { next }) } as never, etag: body };
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => clipAt(from + at));
const shown = ({ clips }: { clips: readonly Clip[] }) =>
  clips.map(({ clip }) => Number(clip.slice(12, 14)));
const open = (library: Library, options: Partial<ListOptions> = {}) =>
  new ClipList({ competition: 'demo', order: 'newest', ...options }, library.request as never);

test('a list is complete after its last page', async () => {
  const list = open(new Library(range(0, 60)));
  await list.load();
  assert.equal(list.clips.length, 24);
  while (!list.isComplete) await list.loadMore();
  assert.deepEqual(shown(list), shown({ clips: range(0, 60).reverse() }));
});

test('a list that is loaded and polled at once asks once', async () => {
  const library = new Library(range(0, 3));
  const list = open(library);
  await Promise.all([list.load(), list.poll()]);
  assert.equal(library.asked.length, 1);
});

test('a restored list has as many clips as before', async () => {
  const list = open(new Library(range(0, 60)));
  await list.load(50);
  assert.ok(list.clips.length >= 50);
});

test('new clips are announced, and shown when asked for', async () => {
  const library = new Library(range(0, 30));
  const list = open(library);
  await list.load();
  await list.poll();
  assert.equal(list.freshCount, 0);
  library.clips.push(...range(30, 32));
  await list.poll();
  await list.poll();
  assert.equal(list.freshCount, 2);
  assert.equal(shown(list)[0], 29);
  list.showFresh();
  assert.deepEqual(shown(list).slice(0, 3), [31, 30, 29]);
  assert.equal(list.freshCount, 0);
});

test('an announced clip that is deleted is announced no longer', async () => {
  const library = new Library(range(0, 3));
  const list = open(library);
  await list.load();
  library.clips.push(clipAt(9));
  await list.poll();
  assert.equal(list.freshCount, 1);
  library.clips.pop();
  await list.poll();
  assert.equal(list.freshCount, 0);
  assert.deepEqual(shown(list), [2, 1, 0]);
});

test('after more new clips than a page has, the list starts again', async () => {
  const library = new Library(range(0, 10));
  const list = open(library);
  await list.load();
  library.clips.push(...range(10, 50));
  await list.poll();
  assert.equal(list.freshCount, 24);
  list.showFresh();
  await new Promise(setImmediate);
  while (!list.isComplete) await list.loadMore();
  assert.deepEqual(shown(list), shown({ clips: range(0, 50).reverse() }));
});

test('in a list of the oldest first, new clips appear at its end', async () => {
  const library = new Library(range(0, 30));
  const list = open(library, { order: 'oldest' });
  await list.load();
  while (!list.isComplete) await list.loadMore();
  library.clips.push(clipAt(30));
  await list.poll();
  list.showFresh();
  assert.deepEqual(shown(list), shown({ clips: range(0, 31) }));
});

test('pages without a clip of the tag are passed over', async () => {
  const tagged = clipAt(1, { meta: { ...clipAt(1).meta, tags: ['final'] } });
  const list = open(new Library([tagged, ...range(2, 55)]), { tag: 'final' });
  await list.load();
  assert.deepEqual(shown(list), [1]);
  assert.equal(list.isComplete, true);
});

test('a list without a reply is offline, and loads with the next poll', async () => {
  const library = new Library(range(0, 3));
  library.isDown = true;
  const list = open(library);
  await list.load();
  assert.deepEqual([list.stage, list.isOffline], ['loading', true]);
  library.isDown = false;
  await list.poll();
  assert.deepEqual([list.stage, list.isOffline], ['shown', false]);
  library.isDown = true;
  await assert.rejects(list.poll());
  assert.deepEqual(shown(list), [2, 1, 0]);
  assert.equal(list.isOffline, true);
});
