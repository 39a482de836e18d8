/** Tests of the parts of the startover window that are loaded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNearWindowOver, manifestUrl, nearWindow, pageOf } from './windows.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2020, 1, 3, 13, 37, 12, 345);
const DAY = { oldest: NOW - 24 * HOUR, edge: NOW, startoverMs: 24 * HOUR };

test('operators who come within ten minutes share a near window', () => {
  const start = Date.UTC(2020, 1, 3, 13, 0);
  assert.deepEqual(nearWindow(DAY), { start });
  assert.deepEqual(nearWindow({ ...DAY, edge: NOW + 120_000 }), { start });
});

test('a young stream is loaded from its first second', () => {
  const young = { oldest: NOW - 40_345, edge: NOW, startoverMs: 24 * HOUR };
  assert.deepEqual(nearWindow(young), { start: NOW - 40_345 });
  assert.equal(isNearWindowOver(nearWindow(young), young), false);
});

test('a near window is replaced before its start leaves the startover window', () => {
  const short = { oldest: NOW - 900_000, edge: NOW, startoverMs: 900_000 };
  const window = nearWindow(short);
  assert.ok(window.start >= short.oldest + 300_000);
  assert.equal(isNearWindowOver(window, short), false);
  const later = { ...short, oldest: window.start - 30_000, edge: window.start + 870_000 };
  assert.equal(isNearWindowOver(window, later), true);
  assert.equal(isNearWindowOver({ start: NOW - 91 * 60_000 }, DAY), true);
});

test('older moments are pages of whole hours, inside of what the channel holds', () => {
  const hour = Date.UTC(2020, 1, 3, 9);
  assert.deepEqual(pageOf(hour + 1234, DAY), { start: hour, end: hour + HOUR });
  const young = { ...DAY, oldest: NOW - 3 * HOUR };
  assert.equal(pageOf(young.oldest, young).start, Math.ceil(young.oldest / 1000) * 1000);
});

test('the first page does not begin with segments that leave the window at once', () => {
  const first = pageOf(DAY.oldest + 1, DAY);
  assert.equal(first.start, Math.ceil((DAY.oldest + 30_000) / 1000) * 1000);
  const nearHour = Date.UTC(2020, 1, 3, 9) - 10_000;
  const late = { ...DAY, oldest: nearHour, edge: nearHour + 24 * HOUR };
  assert.deepEqual(pageOf(nearHour, late), {
    start: nearHour + 30_000,
    end: nearHour + 10_000 + HOUR,
  });
});

test('the window is in the query, in seconds', () => {
  assert.equal(
    manifestUrl('https://cdn.example/out/index.m3u8?a=1', { start: 1000, end: 61_000 }),
    'https://cdn.example/out/index.m3u8?a=1&start=1&end=61',
  );
});
