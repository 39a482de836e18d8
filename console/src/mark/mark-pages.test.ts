/** Tests of the list of marks that is read in pages. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedMark, timeOf } from './mark.testing.ts';
import { takePage } from './mark-pages.ts';

const known = [10, 20, 30, 40].map((second) => storedMark(`m${second}`, second));
const date = (second: number) => Date.parse(timeOf(second));

function ids(seconds: number[], cursor: string | undefined, after: number | undefined): string[] {
  const marks = seconds.map((second) => storedMark(`m${second}`, second));
  return takePage(known, { marks, cursor }, after).map((it) => it.id);
}

test('a list of one page replaces what was known', () => {
  assert.deepEqual(ids([10, 35, 40], undefined, undefined), ['m10', 'm35', 'm40']);
  assert.deepEqual(ids([], undefined, undefined), []);
});

test('a page replaces what lies between its begin and its end', () => {
  assert.deepEqual(ids([20], 'next', undefined), ['m20', 'm30', 'm40']);
  assert.deepEqual(ids([25, 30], 'next', date(10)), ['m10', 'm25', 'm30', 'm40']);
  assert.deepEqual(ids([40], undefined, date(20)), ['m10', 'm20', 'm40']);
});

test('marks of the same moment as the border of a page stay', () => {
  const twin = storedMark('twin', 20);
  const page = { marks: [storedMark('m20', 20)], cursor: 'next' };
  const taken = takePage([...known, twin], page, undefined).map((it) => it.id);
  assert.deepEqual(taken, ['m20', 'twin', 'm30', 'm40']);
});

test('the newer version of a mark is kept', () => {
  const ended = storedMark('m20', 20, { end: timeOf(25) });
  const taken = takePage(known, { marks: [ended], cursor: 'next' }, date(10));
  assert.equal(taken.find((it) => it.id === 'm20')?.end, timeOf(25));
});
