import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { paths } from '../api/contract.d.ts';
import type { Clip, CutRequest } from './clip.ts';
import { Clips } from './clips.svelte.ts';
import type { News } from './news.ts';
import { TestTimers } from './timers.testing.ts';
import { UndoStack } from './undo.ts';

const CUT: CutRequest = { start: '2020-02-03T13:30:58.120Z', end: '2020-02-03T13:31:10.120Z' };

/** A service that keeps clips and idempotency keys, as far as these tests need it. */
class TestService {
  readonly clips = new Map<string, Clip>();
  readonly requests: string[] = [];
  isAway = false;
  /** Whether requests take effect while nobody gets a reply. */
  losesReplies = false;
  refusal: { status: number; type: string } | undefined;
  #keys = new Map<string, string>();
  #changes = 0;

  constructor(private readonly now: () => number) {}

  /** Changes a clip as an operator, or time, does. */
  change(id: string, fields: Partial<Clip>): Clip {
    this.#changes += 1;
    const updatedAt = new Date(this.now() + this.#changes).toISOString();
    const clip = { ...this.clips.get(id), ...fields, updatedAt } as Clip;
    const { title, tags } = clip.meta;
    this.clips.set(id, { ...clip, etag: JSON.stringify([title, tags, clip.listed]) } as Clip);
    return this.clips.get(id) as Clip;
  }

  add(id: string, status: Clip['status'], title = ''): Clip {
    const meta = { id, title, description: '', tags: [] };
    const createdAt = new Date(this.now()).toISOString();
    const fixed = { competition: '100m', clip: id, createdAt, createdBy: 'ben', attempt: 1 };
    return this.change(id, { ...fixed, status, listed: true, meta } as unknown as Clip);
  }

  fetch = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname;
    const id = /clips\/([^/]+)/.exec(path)?.[1] ?? '';
    this.requests.push(`${request.method} ${path.replace('/api/competitions/100m', '')}`);
    if (this.isAway && !this.losesReplies) throw new TypeError('fetch failed');
    const reply = await this.#answer(request, path, id);
    if (this.isAway) throw new TypeError('fetch failed');
    return reply;
  };

  async #answer(request: Request, path: string, id: string): Promise<Response> {
    if (path.endsWith('/changes')) {
      return Response.json({ clips: [...this.clips.values()], cursor: 'n' });
    }
    if (this.refusal) {
      const problem = { ...this.refusal, title: '', detail: '' };
      return Response.json(problem, { status: this.refusal.status });
    }
    if (path.endsWith('/clip')) return Response.json(this.#cut(request), { status: 202 });
    if (path.endsWith('/restore')) {
      const isSuggestion = this.clips.get(id)?.suggestedBy !== undefined;
      return Response.json(this.change(id, { status: isSuggestion ? 'suggested' : 'ready' }));
    }
    if (path.endsWith('/confirm')) return Response.json(this.change(id, { status: 'harvesting' }));
    if (path.endsWith('/retry')) return Response.json(this.change(id, { status: 'queued' }));
    if (request.method === 'DELETE') {
      this.change(id, { status: 'deleting' });
      return new Response(null, { status: 204 });
    }
    if (request.method === 'PATCH') return this.#edit(request, id);
    return Response.json(this.clips.get(id));
  }

  #cut(request: Request): Clip {
    const key = request.headers.get('idempotency-key') ?? '';
    const id = this.#keys.get(key) ?? `clip-${this.#keys.size + 1}`;
    this.#keys.set(key, id);
    return this.clips.get(id) ?? this.add(id, 'harvesting');
  }

  async #edit(request: Request, id: string): Promise<Response> {
    const clip = this.clips.get(id) as Clip;
    if (request.headers.get('if-match') !== clip.etag) {
      const type = 'urn:matchcut:problem:precondition-failed';
      return Response.json({ type, title: '', status: 412, detail: '' }, { status: 412 });
    }
    const meta = { ...clip.meta, ...((await request.json()) as object) };
    return Response.json(this.change(id, { meta }));
  }
}

async function open(prepare: (service: TestService) => void = () => {}) {
  const timers = new TestTimers();
  const service = new TestService(timers.now);
  prepare(service);
  const storage = new Map<string, string>();
  const undo = new UndoStack(timers.now);
  const news: News[] = [];
  const clips = new Clips({
    api: createClient<paths>({ baseUrl: 'https://clips.example.com', fetch: service.fetch }),
    undo,
    operator: () => 'anna',
    storage: {
      getItem: (name) => storage.get(name) ?? null,
      setItem: (name, value) => void storage.set(name, value),
      removeItem: (name) => void storage.delete(name),
    },
    timers,
  });
  clips.onNews((it) => news.push(it));
  clips.start('100m');
  await timers.advance(0);
  const status = (id: string) => clips.find(id)?.status;
  const sent = (method: string) => service.requests.filter((it) => it.startsWith(method));
  return { clips, service, timers, undo, news, status, sent };
}

test('a cut is a row at once, and keeps its row and its selection as a clip', async () => {
  const { clips, timers, status } = await open();
  const cut = clips.cut(CUT);
  assert.deepEqual(
    clips.rows.map((row) => row.key),
    [cut.key],
  );
  assert.equal(clips.selected, cut.key);
  await timers.advance(2_000);
  assert.deepEqual(
    clips.rows.map((row) => row.key),
    [cut.key],
  );
  assert.equal(status('clip-1'), 'harvesting');
  clips.stop();
});

test('a cut while the service is away arrives once', async () => {
  const { clips, service, timers } = await open();
  service.isAway = true;
  service.losesReplies = true;
  clips.cut(CUT);
  await timers.advance(20_000);
  assert.equal(clips.cuts.unsent.length, 1);
  assert.notEqual(clips.awaySince, undefined);
  service.isAway = false;
  await timers.advance(20_000);
  assert.equal(clips.awaySince, undefined);
  assert.equal(clips.cuts.unsent.length, 0);
  assert.deepEqual([...service.clips.keys()], ['clip-1']);
  clips.stop();
});

test('undo of a cut deletes its clip, and redo restores it', async () => {
  const { clips, timers, status, service } = await open();
  clips.cut(CUT);
  await timers.advance(1_000);
  await clips.undo();
  await timers.advance(1_000);
  assert.equal(service.clips.get('clip-1')?.status, 'deleting');
  assert.equal(status('clip-1'), 'deleting');
  await clips.redo();
  await timers.advance(1_000);
  assert.equal(status('clip-1'), 'ready');
  clips.stop();
});

test('undo of a cut that has no reply yet deletes the clip as soon as there is one', async () => {
  const { clips, timers, service } = await open();
  service.isAway = true;
  service.losesReplies = true;
  clips.cut(CUT);
  await timers.advance(100);
  await clips.undo();
  service.isAway = false;
  await timers.advance(20_000);
  assert.equal(service.clips.get('clip-1')?.status, 'deleting');
  assert.equal(service.clips.size, 1);
  clips.stop();
});

test('a deleted clip leaves the list after 10 s, and the trash when the service removes it', async () => {
  const { clips, timers, service, status } = await open();
  const clip = service.add('a', 'ready');
  await timers.advance(2_000);
  const restorableUntil = new Date(timers.now() + 60_000).toISOString();
  service.change('a', { status: 'deleting', restorableUntil } as Partial<Clip>);
  await timers.advance(12_000);
  assert.equal(status('a'), undefined);
  assert.deepEqual(
    clips.trash.map((row) => row.clip?.clip),
    ['a'],
  );
  await clips.restore(clips.trash[0]?.clip ?? clip);
  await timers.advance(2_000);
  assert.equal(status('a'), 'ready');
  assert.deepEqual(clips.trash, []);

  service.change('a', { status: 'deleting', restorableUntil } as Partial<Clip>);
  await timers.advance(60_000);
  assert.equal(status('a'), undefined);
  assert.deepEqual(clips.trash, []);
  clips.stop();
});

test('undo of a deletion restores the clip, and ends after 10 s', async () => {
  const { clips, timers, undo, service, status } = await open();
  const clip = service.add('a', 'ready');
  await timers.advance(2_000);
  void clips.remove(clip);
  await timers.advance(9_000);
  assert.equal(status('a'), 'deleting');
  await clips.undo();
  await timers.advance(1_000);
  assert.equal(status('a'), 'ready');
  void clips.remove(clip);
  await timers.advance(12_000);
  assert.equal(undo.next, undefined);
  assert.equal(status('a'), undefined);
  clips.stop();
});

test('a restore that comes too late is told', async () => {
  const { clips, timers, service, news } = await open();
  const clip = service.add('a', 'ready');
  await timers.advance(2_000);
  void clips.remove(clip);
  await timers.advance(1_000);
  service.refusal = { status: 409, type: 'urn:matchcut:problem:clip-removed' };
  await clips.undo();
  await timers.advance(1_000);
  const failed = news.find((it) => it.kind === 'failed');
  assert.equal(failed?.kind === 'failed' && failed.work, 'restoring');
  clips.stop();
});

test('a refused cut stays, is told, and can be sent again', async () => {
  const { clips, timers, service, news, undo } = await open();
  service.refusal = { status: 422, type: 'urn:matchcut:problem:window-expired' };
  clips.cut(CUT);
  await timers.advance(1_000);
  assert.equal(clips.cuts.unsent[0]?.problem?.status, 422);
  assert.equal(news.at(-1)?.kind, 'cut-refused');
  assert.equal(undo.next, undefined);
  service.refusal = undefined;
  const [refused] = clips.cuts.unsent;
  if (refused) clips.cuts.repeat(refused);
  await timers.advance(1_000);
  assert.equal(clips.cuts.unsent.length, 0);
  assert.equal(clips.all.length, 1);
  clips.stop();
});

test('a title that is typed while the cut is on its way is stored with the clip', async () => {
  const { clips, timers, service } = await open();
  service.isAway = true;
  const cut = clips.cut(CUT);
  await timers.advance(100);
  clips.editUnsent(cut, { title: 'Final' });
  service.isAway = false;
  await timers.advance(20_000);
  assert.equal(service.clips.get('clip-1')?.meta.title, 'Final');
  clips.editUnsent(cut, { title: 'The final' });
  await timers.advance(2_000);
  assert.equal(service.clips.get('clip-1')?.meta.title, 'The final');
  clips.stop();
});

test('two edits of one title are a conflict, and the operator chooses', async () => {
  const { clips, timers, service } = await open();
  const shown = service.add('a', 'ready', 'Heat');
  await timers.advance(2_000);
  service.change('a', { meta: { ...shown.meta, title: 'Heat 3' } });
  void clips.edit(shown, { title: 'Third heat' });
  await timers.advance(2_000);
  assert.equal(clips.conflicts.get('a')?.theirs.meta.title, 'Heat 3');
  assert.equal(service.clips.get('a')?.meta.title, 'Heat 3');
  void clips.resolve('a', 'mine');
  await timers.advance(2_000);
  assert.equal(service.clips.get('a')?.meta.title, 'Third heat');
  assert.equal(clips.conflicts.size, 0);
  clips.stop();
});

test('changes of others are told, those of the first page are not', async () => {
  const { clips, timers, service, news, status } = await open((it) => it.add('a', 'failed'));
  assert.equal(status('a'), 'failed');
  assert.equal(news.length, 0);
  service.add('b', 'harvesting');
  await timers.advance(2_000);
  service.change('b', { status: 'failed' });
  await timers.advance(2_000);
  const told = news.map((it) => it.kind === 'changed' && it.change.after.status);
  assert.deepEqual(told, ['harvesting', 'failed']);
  clips.stop();
});

test('a retry that has no reply is repeated', async () => {
  const { clips, timers, service, status, sent } = await open();
  const clip = service.add('a', 'failed');
  await timers.advance(2_000);
  service.isAway = true;
  void clips.retry(clip);
  await timers.advance(2_000);
  assert.equal(clips.work.get('a'), 'retrying');
  service.isAway = false;
  await timers.advance(20_000);
  assert.equal(status('a'), 'queued');
  assert.equal(clips.work.size, 0);
  assert.ok(sent('POST').length > 1);
  clips.stop();
});

test('another competition has other clips', async () => {
  const { clips, timers, service } = await open();
  service.add('a', 'ready');
  await timers.advance(2_000);
  assert.equal(clips.all.length, 1);
  clips.start('200m');
  assert.equal(clips.all.length, 0);
  assert.equal(clips.isLoaded, false);
  await timers.advance(0);
  assert.ok(service.requests.at(-1)?.includes('/200m/changes'));
  clips.stop();
});

/** A service with one suggestion. */
function suggest(service: TestService): void {
  service.add('goal', 'suggested', 'Goal');
  service.change('goal', {
    suggestedBy: { rule: 'goals-k7qx2f', name: 'Goals', label: 'goal', marks: 1 },
  } as Partial<Clip>);
}

test('a confirmed suggestion is a clip before the service answers, and undo deletes it', async () => {
  const { clips, service, timers, undo, status } = await open(suggest);
  assert.deepEqual(
    clips.suggestions.map((row) => row.key),
    ['goal'],
  );
  service.isAway = true;
  const confirming = clips.confirm(clips.find('goal') as Clip);
  assert.deepEqual(clips.suggestions, []);
  assert.notEqual(status('goal'), 'suggested');
  assert.equal(clips.selected, 'goal');
  service.isAway = false;
  await timers.advance(30_000);
  await confirming;
  assert.equal(status('goal'), 'harvesting');
  assert.equal(undo.next, undefined, 'ten seconds are over');

  suggest(service);
  await timers.advance(2_000);
  void clips.confirm(clips.find('goal') as Clip);
  await timers.advance(1_000);
  await clips.undo();
  await timers.advance(1_000);
  assert.equal(service.clips.get('goal')?.status, 'deleting');
});

test('a suggestion that cannot be confirmed is a suggestion again', async () => {
  const { clips, service, timers, undo, news, status } = await open(suggest);
  service.refusal = { status: 409, type: 'urn:matchcut:problem:not-suggested' };
  await Promise.all([clips.confirm(clips.find('goal') as Clip), timers.advance(0)]);
  assert.equal(status('goal'), 'suggested');
  assert.equal(undo.next, undefined);
  assert.deepEqual(
    news.map((it) => it.kind === 'failed' && it.work),
    ['confirming'],
  );
});

test('a dismissed suggestion leaves the lists at once, and undo brings it back', async () => {
  const { clips, service, timers, status } = await open(suggest);
  service.isAway = true;
  void clips.remove(clips.find('goal') as Clip);
  await timers.advance(100);
  assert.deepEqual(clips.suggestions, []);
  service.isAway = false;
  await timers.advance(2_000);
  assert.equal(service.clips.get('goal')?.status, 'deleting');
  assert.equal(status('goal'), undefined, 'it is no deleted clip to restore');
  await clips.undo();
  await timers.advance(2_000);
  assert.equal(status('goal'), 'suggested');
});

test('a suggestion that the service removes leaves the lists', async () => {
  const { clips, service, timers } = await open(suggest);
  service.change('goal', { status: 'deleting' });
  await timers.advance(2_000);
  assert.deepEqual(clips.rows, []);
});
