/** Tests of typed times. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOfSecond, parseTimeNear, parseTypedTime } from './typed-time.ts';

const EDGE = Date.UTC(2020, 1, 3, 0, 20, 0);
const context = { edge: EDGE, zone: 'utc', fps: 25 } as const;
const parse = (text: string, mayBeAhead = false) =>
  parseTypedTime(text, { ...context, mayBeAhead });

test('a time of the day is the last one before the edge', () => {
  assert.equal(parse('0:05'), Date.UTC(2020, 1, 3, 0, 5));
  assert.equal(parse(' 23:50:30 '), Date.UTC(2020, 1, 2, 23, 50, 30));
  assert.equal(parse('00:10:00.250'), Date.UTC(2020, 1, 3, 0, 10, 0, 250));
});

test('frames count within the second', () => {
  const date = parse('00:10:00:03') ?? 0;
  assert.equal(frameOfSecond(date, 25), 3);
  assert.equal(parse('00:10:00:25'), undefined);
  assert.equal(frameOfSecond(Date.UTC(2020, 1, 3) + 33.4 * 3, 29.97), 3);
});

test('a time back counts from the edge', () => {
  assert.equal(parse('-40m'), EDGE - 40 * 60_000);
  assert.equal(parse('−1h 30min'), EDGE - 90 * 60_000);
  assert.equal(parse('-15'), EDGE - 15_000);
});

test('only the end of a clip may lie ahead', () => {
  assert.equal(parse('01:00'), Date.UTC(2020, 1, 2, 1, 0));
  assert.equal(parse('01:00', true), Date.UTC(2020, 1, 3, 1, 0));
});

test('anything else is no time', () => {
  for (const text of ['', '-', '24:00', '12:60', '12', 'noon', '12:00:00:99', '-1x']) {
    assert.equal(parse(text), undefined, text);
  }
});

test('a time of the day near a date is less than half a day away', () => {
  const near = (text: string) => parseTimeNear(text, EDGE, { zone: 'utc', fps: 25 });
  assert.equal(near('23:50:30'), Date.UTC(2020, 1, 2, 23, 50, 30));
  assert.equal(near('11:00'), Date.UTC(2020, 1, 3, 11));
  assert.equal(near('13:00'), Date.UTC(2020, 1, 2, 13));
  assert.equal(near('-40m'), undefined);
});
