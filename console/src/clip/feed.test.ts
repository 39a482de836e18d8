import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip, Status } from './clip.ts';
import { type ChangePage, Feed } from './feed.ts';

/** A clip of the feed. `at` is the second of its last change, `cut` the second of its cut. */
function clip(name: string, status: Status, at: number, cut = 0, more: object = {}): Clip {
  return {
    competition: '100m',
    clip: name,
    status,
    active: status === 'ready',
    listed: true,
    attempt: 1,
    source: 'live',
    channel: 'main',
    requested: { start: '2020-02-03T13:30:58Z', end: '2020-02-03T13:31:08Z' },
    meta: { id: name, title: '', description: '', tags: [] },
    createdAt: `2020-02-03T13:40:${String(cut).padStart(2, '0')}Z`,
    updatedAt: `2020-02-03T13:40:${String(at).padStart(2, '0')}Z`,
    ...more,
  } as Clip;
}

function page(...clips: Clip[]): ChangePage {
  return { clips, cursor: 'n1' };
}

const queued = (name: string, position: number, at = 0) =>
  clip(name, 'queued', at, position, { queue: { position, ahead: position - 1 } });

function positions(feed: Feed): Record<string, number | undefined> {
  return Object.fromEntries(
    feed.list().map((it) => [it.clip, 'queue' in it ? it.queue?.position : undefined]),
  );
}

test('the newest clip comes first', () => {
  const feed = new Feed();
  feed.take(page(clip('a', 'ready', 9, 1), clip('b', 'ready', 8, 2)), 'newest');
  assert.deepEqual(
    feed.list().map((it) => it.clip),
    ['b', 'a'],
  );
});

test('a clip that comes again is no change', () => {
  const feed = new Feed();
  feed.take(page(clip('a', 'harvesting', 1)), 'newest');
  assert.deepEqual(feed.take(page(clip('a', 'harvesting', 1)), 'changes'), []);
  const [change] = feed.take(page(clip('a', 'ready', 2)), 'changes');
  assert.equal(change?.before?.status, 'harvesting');
  assert.equal(change?.after.status, 'ready');
});

test('an older version never replaces a newer one', () => {
  const feed = new Feed();
  feed.take(page(), 'newest');
  feed.put(clip('a', 'ready', 5));
  assert.deepEqual(feed.take(page(clip('a', 'packaging', 4)), 'changes'), []);
  assert.equal(feed.get('a')?.status, 'ready');
});

test('times with and without a fraction are compared as times', () => {
  const feed = new Feed();
  const early = { ...clip('a', 'packaging', 0), updatedAt: '2020-02-03T13:40:07Z' } as Clip;
  const late = { ...clip('a', 'ready', 0), updatedAt: '2020-02-03T13:40:07.250Z' } as Clip;
  feed.take(page(early), 'newest');
  assert.equal(feed.take(page(late), 'changes').length, 1);
  assert.equal(feed.get('a')?.status, 'ready');
});

test('a reset replaces the list, and clips that stayed the same are no change', () => {
  const feed = new Feed();
  feed.take(page(clip('a', 'ready', 1), clip('gone', 'ready', 1)), 'newest');
  const changes = feed.take(
    { ...page(clip('a', 'ready', 1), clip('b', 'ready', 3)), reset: true, older: 'o1' },
    'changes',
  );
  assert.deepEqual(
    changes.map((it) => it.after.clip),
    ['b'],
  );
  assert.equal(feed.get('gone'), undefined);
  assert.equal(feed.older, 'o1');
});

test('a page of older clips keeps the cursor of the newest', () => {
  const feed = new Feed();
  feed.take({ clips: [clip('b', 'ready', 2, 2)], cursor: 'n1', older: 'o1' }, 'newest');
  feed.take({ clips: [clip('a', 'ready', 1, 1)], cursor: 'n0' }, 'older');
  assert.equal(feed.cursor, 'n1');
  assert.equal(feed.older, undefined);
  assert.equal(feed.list().length, 2);
});

test('changes keep the cursor of the older clips', () => {
  const feed = new Feed();
  feed.take({ clips: [clip('b', 'ready', 2)], cursor: 'n1', older: 'o1' }, 'newest');
  feed.take(page(clip('b', 'ready', 3)), 'changes');
  assert.equal(feed.older, 'o1');
});

test('clips behind one that left the queue move up', () => {
  const feed = new Feed();
  feed.take(page(queued('a', 1), queued('b', 2), queued('c', 3)), 'newest');
  feed.take(page(clip('a', 'harvesting', 5, 1)), 'changes');
  assert.deepEqual(positions(feed), { a: undefined, b: 1, c: 2 });
  feed.take(page(clip('b', 'deleting', 6, 2), queued('c', 1, 6)), 'changes');
  assert.deepEqual(positions(feed), { a: undefined, b: undefined, c: 1 });
});

test('a position that was read again corrects the whole queue', () => {
  const feed = new Feed();
  feed.take(page(queued('a', 5), queued('b', 6)), 'newest');
  feed.correctQueue('a', 2);
  assert.deepEqual(positions(feed), { a: 2, b: 3 });
});
