/** Tests of the store of marks, with a service that keeps keys. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { paths } from '../api/contract.d.ts';
import { TestTimers } from '../clip/timers.testing.ts';
import { UndoStack } from '../clip/undo.ts';
import type { StoredMark } from './channel-mark.ts';
import { ChannelMarks } from './channel-marks.svelte.ts';
import { storedMark, timeOf } from './mark.testing.ts';
import type { MarkPage } from './mark-pages.ts';

/** A service that keeps marks and their keys, as far as these tests need it. */
class TestService {
  marks: StoredMark[] = [];
  readonly requests: string[] = [];
  pageSize = 500;
  isAway = false;
  /** Whether requests take effect while nobody gets a reply. */
  losesReplies = false;
  isRefusing = false;
  #made = 0;

  fetch = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    this.requests.push(`${request.method}${url.search}`);
    if (this.isAway && !this.losesReplies) throw new TypeError('fetch failed');
    const reply = await this.#answer(request, url);
    if (this.isAway) throw new TypeError('fetch failed');
    return reply;
  };

  async #answer(request: Request, url: URL): Promise<Response> {
    if (request.method === 'GET') {
      const page = this.#page(url.searchParams);
      const etag = JSON.stringify(page);
      if (request.headers.get('if-none-match') === etag) {
        this.requests.push('304');
        return new Response(null, { status: 304 });
      }
      return Response.json(page, { headers: { etag } });
    }
    if (this.isRefusing) {
      const type = 'urn:matchcut:problem:invalid-field';
      const problem = { type, title: '', status: 400, detail: 'too old', field: 'at' };
      return Response.json(problem, { status: 400 });
    }
    if (request.method === 'DELETE') {
      const id = url.pathname.split('/').at(-1);
      this.marks = this.marks.filter((it) => it.id !== id);
      return new Response(null, { status: 204 });
    }
    const body = (await request.json()) as StoredMark & { key: string };
    const known = this.marks.find((it) => it.key === body.key);
    if (known) return Response.json(known);
    this.#made += 1;
    const mark = { ...storedMark(`made-${this.#made}`, 0), ...body, createdBy: 'anna' };
    this.marks.push(mark);
    return Response.json(mark, { status: 201 });
  }

  #page(query: URLSearchParams): MarkPage {
    const sorted = this.marks.toSorted((a, b) => (a.at < b.at ? -1 : 1));
    const from = query.get('from') ?? '';
    const start = Number(query.get('cursor') ?? sorted.findIndex((it) => it.at >= from));
    if (start < 0) return { marks: [] };
    const end = start + this.pageSize;
    const cursor = end < sorted.length ? { cursor: String(end) } : {};
    return { marks: sorted.slice(start, end), ...cursor };
  }
}

async function open(prepare: (service: TestService) => void = () => {}) {
  const timers = new TestTimers();
  const service = new TestService();
  prepare(service);
  const storage = new Map<string, string>();
  const undo = new UndoStack(timers.now);
  const marks = new ChannelMarks({
    api: createClient<paths>({ baseUrl: 'https://clips.example.com', fetch: service.fetch }),
    undo,
    operator: () => 'anna',
    edge: () => Date.parse(timeOf(600)),
    storage: {
      getItem: (name) => storage.get(name) ?? null,
      setItem: (name, value) => void storage.set(name, value),
      removeItem: (name) => void storage.delete(name),
    },
    timers,
  });
  marks.start('main');
  await timers.advance(0);
  const stored = () => service.marks[0];
  const labels = () => marks.all.map((it) => it.label);
  return { marks, service, stored, timers, undo, labels };
}

const GOAL = { channel: 'main', at: timeOf(10), label: 'goal' };

test('a mark is drawn at once, and its lost reply makes no second one', async () => {
  const { marks, service, timers, labels } = await open();
  service.isAway = true;
  service.losesReplies = true;
  marks.set(GOAL);
  assert.deepEqual(labels(), ['goal']);
  assert.equal(marks.all[0]?.stored, undefined);
  await timers.advance(1_500);
  service.isAway = false;
  await timers.advance(30_000);
  assert.equal(service.marks.length, 1);
  assert.deepEqual(
    marks.all.map((it) => it.key),
    ['made-1'],
  );
});

test('undo removes a mark, and redo sets it again with a key of its own', async () => {
  const { marks, service, stored, timers, undo, labels } = await open();
  marks.set(GOAL);
  await timers.advance(0);
  const key = stored()?.key;
  await undo.undo();
  assert.deepEqual(labels(), []);
  await timers.advance(5_000);
  assert.deepEqual(service.marks, []);
  await undo.redo();
  await timers.advance(5_000);
  assert.deepEqual(labels(), ['goal']);
  assert.ok(stored()?.key);
  assert.notEqual(stored()?.key, key);
});

test('a mark that is undone while it is on its way is removed when it has arrived', async () => {
  const { marks, service, timers, undo, labels } = await open();
  service.isAway = true;
  service.losesReplies = true;
  marks.set(GOAL);
  await timers.advance(0);
  await undo.undo();
  assert.deepEqual(labels(), []);
  assert.equal(service.marks.length, 1);
  service.isAway = false;
  await timers.advance(30_000);
  assert.deepEqual(service.marks, []);
});

test('a removed mark is set again by undo', async () => {
  const { marks, service, stored, timers, undo, labels } = await open((it) => {
    it.marks = [storedMark('other', 10, { label: 'start', tags: { heat: '3' } })];
  });
  const [start] = marks.all;
  assert.ok(start?.stored);
  marks.remove(start.stored);
  assert.deepEqual(labels(), []);
  await timers.advance(5_000);
  assert.deepEqual(service.marks, []);
  await undo.undo();
  await timers.advance(5_000);
  assert.deepEqual(stored()?.tags, { heat: '3' });
  assert.deepEqual(labels(), ['start']);
});

test('a refused mark disappears, and the reason is told', async () => {
  const { marks, service, timers, undo, labels } = await open();
  service.isRefusing = true;
  marks.set(GOAL);
  await timers.advance(0);
  assert.deepEqual(labels(), []);
  assert.equal(marks.refusal?.problem?.field, 'at');
  assert.equal(undo.next, undefined, 'a refused mark cannot be undone');
});

test('marks of others come, change and go', async () => {
  const { service, timers, labels } = await open();
  service.marks = [storedMark('a', 10), storedMark('b', 5, { label: 'start' })];
  await timers.advance(3_000);
  assert.deepEqual(labels(), ['start', 'goal']);
  service.marks = [storedMark('a', 10)];
  await timers.advance(3_000);
  assert.deepEqual(labels(), ['goal']);
});

test('a list that has not changed is not sent again', async () => {
  const { service, timers, labels } = await open((it) => {
    it.marks = [storedMark('a', 10)];
  });
  service.requests.length = 0;
  await timers.advance(3_000);
  assert.deepEqual(service.requests, ['GET?limit=500', '304']);
  assert.deepEqual(labels(), ['goal']);
});

test('of a long list, the newest marks and the next page take turns', async () => {
  const { service, timers, marks } = await open((it) => {
    it.pageSize = 2;
    it.marks = [1, 2, 3, 4, 5].map((second) => storedMark(`m${second}`, second));
  });
  service.requests.length = 0;
  await timers.advance(9_000);
  assert.deepEqual(
    service.requests.map((it) => /from|cursor=\d/.exec(it)?.[0]),
    ['from', 'cursor=2', 'from'],
  );
  await timers.advance(6_000);
  assert.deepEqual(
    marks.all.map((it) => it.key),
    ['m1', 'm2', 'm3', 'm4', 'm5'],
  );
});

test('another channel begins without the marks of the former one', async () => {
  const { marks, service, timers, labels } = await open((it) => {
    it.marks = [storedMark('a', 10)];
  });
  assert.deepEqual(labels(), ['goal']);
  service.marks = [];
  marks.start('second');
  assert.deepEqual(labels(), []);
  await timers.advance(0);
  marks.stop();
  const { length } = service.requests;
  await timers.advance(30_000);
  assert.equal(service.requests.length, length);
});
