import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from './clip.ts';
import { type Filters, isMatch, NO_FILTERS, usedTags } from './filters.ts';
import type { UnsentCut } from './outbox.ts';
import type { Row } from './row-state.ts';

function clip(more: object, title = 'Men’s 100 m final', tags = ['final']): Row {
  const meta = { id: 'a', title, description: 'Someone wins', tags };
  const it = { clip: 'a', status: 'ready', listed: true, createdBy: 'anna', meta, ...more };
  return { key: 'a', clip: it as unknown as Clip };
}

function cut(more: object = {}): Row {
  const body = { start: '2020-02-03T13:30:58Z', end: '2020-02-03T13:31:08Z', title: 'Heat 3' };
  return { key: 'k', cut: { key: 'k', body, operator: 'ben', ...more } as unknown as UnsentCut };
}

function shows(row: Row, filters: Partial<Filters>): boolean {
  return isMatch(row, { ...NO_FILTERS, ...filters });
}

test('without filters every row is shown', () => {
  for (const row of [clip({}), clip({ status: 'deleting' }), cut()]) assert.ok(shows(row, {}));
});

test('states are grouped: what moves, what is ready, held back or failed', () => {
  assert.ok(shows(clip({ status: 'queued' }), { state: 'on-its-way' }));
  assert.ok(shows(cut(), { state: 'on-its-way' }));
  assert.ok(shows(cut({ problem: {} }), { state: 'failed' }));
  assert.ok(shows(clip({ listed: false }), { state: 'held' }));
  assert.ok(!shows(clip({ listed: false }), { state: 'ready' }));
  assert.ok(shows(clip({ status: 'packaging', listed: false }), { state: 'on-its-way' }));
  assert.ok(!shows(clip({ status: 'deleting' }), { state: 'ready' }));
});

test('every word of the text must occur, whatever its case and accents', () => {
  assert.ok(shows(clip({}), { text: 'FINAL anna' }));
  assert.ok(shows(clip({}, 'Süßer Sieg à Paris'), { text: 'susser' }) === false);
  assert.ok(shows(clip({}, 'Übergabe'), { text: 'ubergabe' }));
  assert.ok(shows(clip({}), { text: 'wins' }));
  assert.ok(!shows(clip({}), { text: 'final ben' }));
});

test('a tag and an operator narrow the list', () => {
  assert.ok(shows(clip({}), { tag: 'final' }));
  assert.ok(!shows(clip({}), { tag: 'fina' }));
  assert.ok(shows(cut(), { operator: 'ben' }));
  assert.ok(!shows(clip({}), { operator: 'ben' }));
});

test('the most frequent tags come first', () => {
  const rows = [clip({}, '', ['b', 'c']), clip({}, '', ['c']), clip({}, '', ['a'])];
  assert.deepEqual(usedTags(rows), ['c', 'a', 'b']);
});
