/** Tests of the foretold bounds. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coverage, predictBounds, windowProblem } from './bounds.ts';

const AT = Date.UTC(2020, 1, 3, 13, 30, 0);
/** The stream: on air for 100 s, off air for 60 s, on air for 100 s. Segments start at 0.36 s. */
const segments = [...Array(50).keys()].flatMap((index) => [
  { start: AT + 360 + index * 2000, duration: 2000 },
  { start: AT + 160_360 + index * 2000, duration: 2000 },
]);
const coverage: Coverage = {
  segments: segments.sort((a, b) => a.start - b.start),
  oldest: AT + 360,
  edge: AT + 260_360,
  segmentMs: 2000,
  startoverMs: 900_000,
};

function bounds(start: number, end: number) {
  const found = predictBounds({ start: AT + start, end: AT + end }, coverage);
  return found && [found.start - AT, found.end - AT, found.duration, found.isEstimate];
}

function problem(start: number, end: number) {
  return windowProblem({ start: AT + start, end: AT + end }, coverage);
}

test('the bounds are the segments that the widened window touches', () => {
  assert.deepEqual(bounds(10_400, 20_000), [8_360, 20_360, 12_000, false]);
  assert.deepEqual(bounds(10_999, 20_001), [8_360, 22_360, 14_000, false], 'whole seconds');
});

test('a time off air inside the window is not played', () => {
  assert.deepEqual(bounds(90_000, 170_000), [88_360, 170_360, 22_000, false]);
  assert.equal(problem(90_000, 170_000), undefined);
});

test('an end that has not aired is estimated by whole segments', () => {
  assert.deepEqual(bounds(250_000, 265_000), [248_360, 266_360, 18_000, true]);
});

test('a window that the service would refuse is known before the cut', () => {
  assert.equal(problem(10_000, 12_900), 'too-short');
  assert.equal(problem(-2_000, 20_000), 'expired');
  assert.equal(problem(110_000, 120_000), 'off-air');
  assert.equal(problem(90_000, 120_000), 'off-air');
  assert.equal(problem(200_000, 260_360 + 4 * 3_600_000 + 1000), 'too-long');
  assert.equal(problem(10_000, 40_000), undefined);
  const longer = { ...coverage, startoverMs: 24 * 3_600_000 };
  const window = { start: AT + 200_000, end: AT + 260_360 + 4 * 3_600_000 + 1000 };
  assert.equal(windowProblem(window, longer), 'not-aired');
});
