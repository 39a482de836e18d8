/** Checks the filters and the orders of the library. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from '../clip/clip.ts';
import type { Row } from '../clip/row-state.ts';
import {
  isInLibrary,
  isNarrowed,
  type LibraryFilters,
  NO_LIBRARY_FILTERS,
  sortRows,
} from './library-filters.ts';

/** A ready clip of 10 s that starts at a second of 13:30. */
function row(name: string, second: number, more: object = {}): Row {
  const at = (offset: number) =>
    new Date(Date.UTC(2020, 1, 3, 13, 30, second + offset)).toISOString();
  const clip = {
    competition: '100m',
    clip: name,
    status: 'ready',
    active: true,
    listed: true,
    attempt: 1,
    source: 'live',
    requested: { start: at(0), end: at(10) },
    meta: { id: name, title: name, description: '', tags: ['final'] },
    createdAt: at(20),
    updatedAt: at(30),
    ...more,
  } as unknown as Clip;
  return { key: name, clip };
}

const rows = [
  row('Heat 10', 10),
  row('Heat 9', 40, { updatedAt: '2020-02-03T15:00:00Z' }),
  row('', 20),
  row('Interview', 30, {
    source: 'upload',
    requested: undefined,
    filename: 'a.mov',
    actual: { start: '2020-02-03T13:30:30Z', end: '2020-02-03T13:31:30Z', durationSeconds: 60 },
  }),
];
const names = (found: readonly Row[]) => found.map(({ key }) => key);

/** The names of the rows that a filter shows. */
function show(filters: Partial<LibraryFilters>): string[] {
  return names(rows.filter((it) => isInLibrary(it, { ...NO_LIBRARY_FILTERS, ...filters })));
}

test('the source, the time, and the filters of the list narrow the library', () => {
  assert.equal(show({}).length, 4);
  assert.deepEqual(show({ source: 'upload' }), ['Interview']);
  assert.deepEqual(show({ source: 'live', text: 'heat' }), ['Heat 10', 'Heat 9']);
  const at = (second: number) => Date.UTC(2020, 1, 3, 13, 30, second);
  assert.deepEqual(show({ from: at(20), to: at(40) }), ['', 'Interview']);
  assert.deepEqual(show({ tag: 'record' }), []);
});

test('orders', () => {
  assert.deepEqual(names(sortRows(rows, 'newest')), ['Heat 9', 'Interview', '', 'Heat 10']);
  assert.deepEqual(names(sortRows(rows, 'oldest')), ['Heat 10', '', 'Interview', 'Heat 9']);
  assert.deepEqual(names(sortRows(rows, 'changed')), ['Heat 9', 'Interview', '', 'Heat 10']);
  assert.deepEqual(names(sortRows(rows, 'title')), ['Heat 9', 'Heat 10', 'Interview', '']);
  assert.deepEqual(names(sortRows(rows, 'longest')), ['Interview', 'Heat 9', '', 'Heat 10']);
});

test('a filter that is set is recognized', () => {
  assert.ok(!isNarrowed(NO_LIBRARY_FILTERS));
  assert.ok(!isNarrowed({ ...NO_LIBRARY_FILTERS, from: undefined }));
  for (const set of [
    { text: 'a' },
    { state: 'held' as const },
    { from: 0 },
    { source: 'live' as const },
  ])
    assert.ok(isNarrowed({ ...NO_LIBRARY_FILTERS, ...set }), JSON.stringify(set));
});

test('a suggestion is not in the library', () => {
  assert.equal(isInLibrary(row('Goal', 10, { status: 'suggested' }), NO_LIBRARY_FILTERS), false);
});
