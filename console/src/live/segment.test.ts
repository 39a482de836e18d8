/** Tests of frames and segments on the stream's clock. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  frameStart,
  gapsBetween,
  joinStretches,
  passGap,
  segmentAt,
  stepFrames,
  stretchesOf,
} from './segment.ts';

const AT = Date.UTC(2020, 1, 3, 13, 30, 0);

/** Segments of two seconds, one after the other. */
function segments(count: number, start = AT, duration = 2000) {
  return Array.from({ length: count }, (_, index) => ({
    start: start + index * duration,
    duration,
  }));
}

test('a move passes a time off air in its direction', () => {
  const offAir = [{ start: AT, end: AT + 10_000 }];
  assert.equal(passGap(AT + 9_400, -1000, offAir, 40), AT - 20);
  assert.equal(passGap(AT + 400, 1000, offAir, 40), AT + 10_000);
  assert.equal(passGap(AT - 1, -1000, offAir, 40), AT - 1);
  assert.equal(passGap(AT + 10_000, 1000, offAir, 40), AT + 10_000);
});

test('a date is in the frame that is on the screen then', () => {
  const list = segments(3);
  assert.equal(frameStart(list, AT, 25), AT);
  assert.equal(frameStart(list, AT + 39.9, 25), AT);
  assert.equal(frameStart(list, AT + 2040, 25), AT + 2040);
  assert.equal(frameStart(list, AT - 500, 25), AT, 'before the first segment');
  assert.equal(frameStart(list, AT + 99_000, 25), AT + 5960, 'after the last segment');
});

for (const fps of [25, 29.97, 50, 59.94]) {
  test(`steps there and back end at the same frame at ${fps} frames a second`, () => {
    const list = segments(40, AT, (Math.round(fps * 2) / fps) * 1000);
    let date = AT;
    for (let step = 0; step < 200; step++) {
      const next = stepFrames(list, date, 1, fps);
      assert.ok(Math.abs(next - date - 1000 / fps) < 0.01, `step ${step}`);
      date = next;
    }
    assert.ok(Math.abs(stepFrames(list, date, -200, fps) - AT) < 0.01);
    // Marks are whole milliseconds: they stay in the frame that was marked.
    assert.ok(Math.abs(frameStart(list, Math.ceil(date - 0.001), fps) - date) < 0.01);
  });
}

test('a step skips a time off air', () => {
  const list = [...segments(1), ...segments(1, AT + 60_000)];
  assert.equal(stepFrames(list, AT + 1960, 1, 25), AT + 60_000);
  assert.equal(stepFrames(list, AT + 60_000, -1, 25), AT + 1960);
  assert.equal(segmentAt(list, AT + 30_000)?.start, AT + 60_000);
  assert.deepEqual(gapsBetween(stretchesOf(list)), [{ start: AT + 2000, end: AT + 60_000 }]);
});

test('the ends of what is known are not passed', () => {
  const list = segments(2);
  assert.equal(stepFrames(list, AT, -3, 25), AT);
  assert.equal(stepFrames(list, AT + 3960, 5, 25), AT + 3960);
});

test('stretches that touch or overlap are one', () => {
  const joined = joinStretches(
    [{ start: 0, end: 10_000 }],
    [
      { start: 8_000, end: 20_000 },
      { start: 20_100, end: 30_000 },
      { start: 40_000, end: 50_000 },
    ],
  );
  assert.deepEqual(joined, [
    { start: 0, end: 30_000 },
    { start: 40_000, end: 50_000 },
  ]);
});
