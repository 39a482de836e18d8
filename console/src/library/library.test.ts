/** Checks which clips the library reads and draws. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import { SvelteMap } from 'svelte/reactivity';
import type { paths } from '../api/contract.d.ts';
import type { Clip } from '../clip/clip.ts';
import type { Row } from '../clip/row-state.ts';
import { LibraryList } from './library.svelte.ts';
import { NO_LIBRARY_FILTERS } from './library-filters.ts';

const at = (hour: number) => new Date(Date.UTC(2020, 1, 3, hour)).toISOString();

function clip(name: string, hour: number, tags: string[] = []): Clip {
  return {
    competition: '100m',
    clip: name,
    status: 'ready',
    active: true,
    listed: true,
    attempt: 1,
    source: 'live',
    requested: { start: at(hour), end: at(hour + 1) },
    meta: { id: name, title: name, description: '', tags },
    createdAt: at(hour),
    updatedAt: at(hour),
  } as unknown as Clip;
}

/** A clips store with pages of older clips. */
class FakeClips {
  readonly #rows = new SvelteMap<string, Row>();
  competition = '100m';
  isLoaded = true;
  reads = 0;
  trash: readonly Row[] = [];

  constructor(
    first: Clip[],
    readonly older: Clip[][] = [],
  ) {
    this.#add(first);
  }

  get rows() {
    return [...this.#rows.values()];
  }

  get hasOlder() {
    return this.older.length > 0;
  }

  async loadOlder() {
    this.reads++;
    this.#add(this.older.shift() ?? []);
  }

  #add(clips: Clip[]) {
    for (const it of clips) this.#rows.set(it.clip, { key: it.clip, clip: it });
  }
}

/** An API whose list of ready clips has pages. */
function apiOf(...pages: Clip[][]) {
  const requests: URL[] = [];
  const fetch = async (request: Request) => {
    const url = new URL(request.url);
    requests.push(url);
    const page = Number(url.searchParams.get('cursor') ?? 0);
    const next = page + 1 < pages.length ? String(page + 1) : undefined;
    return Response.json({ clips: pages[page] ?? [], next });
  };
  const api = createClient<paths>({ baseUrl: 'https://clips.example.com', fetch });
  return { api, requests };
}

const names = (rows: readonly Row[]) => rows.map(({ key }) => key);

test('older clips are read until there are no more', async () => {
  const clips = new FakeClips([clip('c', 12)], [[clip('b', 11)], [clip('a', 10)]]);
  const list = new LibraryList(clips, apiOf().api);
  while (list.hasMore) await list.more();
  assert.equal(clips.reads, 2);
  assert.equal(list.readCount, 3);
});

test('rows are drawn by the hundred, before more are read', async () => {
  const many = Array.from({ length: 250 }, (_, index) => clip(`c${index}`, 12));
  const clips = new FakeClips(many, [[clip('b', 11)]]);
  const list = new LibraryList(clips, apiOf().api);
  assert.equal(list.shown.length, 100);
  await list.more();
  await list.more();
  assert.equal(list.shown.length, 250);
  assert.equal(clips.reads, 0);
});

test('reading stops after ten pages without a match, until the operator goes on', async () => {
  const older = Array.from({ length: 30 }, (_, index) => [clip(`c${index}`, 11)]);
  const clips = new FakeClips([], older);
  const list = new LibraryList(clips, apiOf().api);
  list.filters = { ...NO_LIBRARY_FILTERS, text: 'nowhere' };
  while (list.hasMore && !list.isPaused) await list.more();
  assert.equal(clips.reads, 10);
  await list.resume();
  assert.equal(clips.reads, 11);
  assert.equal(list.isPaused, false);
});

test('clips of a time are searched in the list of ready clips, page by page', async () => {
  const { api, requests } = apiOf([clip('x', 2)], [clip('y', 3), clip('new', 4)]);
  const clips = new FakeClips([clip('new', 4), clip('other', 12)], [[clip('held', 3)]]);
  const list = new LibraryList(clips, api);
  list.filters = { ...NO_LIBRARY_FILTERS, from: Date.parse(at(2)), to: Date.parse(at(5)) };
  assert.deepEqual(names(list.rows), ['new']);
  await list.more();
  await list.more();
  assert.deepEqual(names(list.rows), ['new', 'y', 'x']);
  assert.equal(requests[0]?.searchParams.get('from'), at(2));
  assert.equal(requests[1]?.searchParams.get('cursor'), '1');
  assert.equal(clips.reads, 0);
  await list.more();
  assert.deepEqual(names(list.rows), ['new', 'y', 'held', 'x']);
  assert.equal(list.hasMore, false);
});

test('other terms begin another search, and states that are not listed need none', async () => {
  const { api, requests } = apiOf([clip('x', 2, ['final'])]);
  const list = new LibraryList(new FakeClips([]), api);
  list.filters = { ...NO_LIBRARY_FILTERS, tag: 'final' };
  await list.more();
  assert.deepEqual(names(list.rows), ['x']);
  list.filters = { ...NO_LIBRARY_FILTERS, tag: 'record' };
  assert.equal(list.hasMore, true);
  await list.more();
  assert.equal(requests.length, 2);
  list.filters = { ...NO_LIBRARY_FILTERS, tag: 'record', state: 'failed' };
  assert.equal(list.hasMore, false);
});

test('a failed request pauses and can be repeated', async () => {
  const clips = new FakeClips([], [[clip('a', 1)]]);
  const loadOlder = clips.loadOlder.bind(clips);
  clips.loadOlder = () => Promise.reject(new Error('away'));
  const list = new LibraryList(clips, apiOf().api);
  await list.more();
  assert.ok(list.hasFailed && list.isPaused && !list.isLoading);
  clips.loadOlder = loadOlder;
  await list.resume();
  assert.ok(!list.hasFailed && !list.isPaused);
});

test('chosen rows that a filter hides are not acted on', () => {
  const list = new LibraryList(new FakeClips([clip('a', 1), clip('b', 2)]), apiOf().api);
  list.chooseAll(true);
  list.choose('missing', true);
  list.filters = { ...NO_LIBRARY_FILTERS, text: 'b' };
  assert.deepEqual(names(list.chosenRows), ['b']);
  list.choose('b', false);
  assert.deepEqual(names(list.chosenRows), []);
});

test('the trash has deleted clips that are in no other list, and the filters narrow it', () => {
  const clips = new FakeClips([clip('a', 1)]);
  clips.trash = ['b', 'c'].map((name) => ({ key: name, clip: clip(name, 2) }));
  const list = new LibraryList(clips, apiOf().api);
  const keys = () => list.rows.map(({ key }) => key);
  assert.deepEqual(keys(), ['a']);
  list.filters = { ...NO_LIBRARY_FILTERS, state: 'deleted' };
  assert.deepEqual(keys().sort(), ['b', 'c']);
  list.filters = { ...NO_LIBRARY_FILTERS, state: 'deleted', text: 'c' };
  assert.deepEqual(keys(), ['c']);
});
