/** Tests of finding the media time of a frame. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOfFrameAt, timeOfFrameBefore } from './frames.ts';

/** Two segments of two seconds. Their video is shifted by 80 ms, then by 40 ms. */
const segments = [
  { at: 0, firstFrame: 0.08 },
  { at: 2, firstFrame: 2.04 },
];

const close = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-9, `${actual}, not ${expected}`);

test('a moment is shown in the middle of its frame', () => {
  close(timeOfFrameAt(0, segments, 25), 0.08 + 0.5 / 25);
  close(timeOfFrameAt(0.48, segments, 25), 0.08 + 12.5 / 25);
  close(timeOfFrameAt(2, segments, 25), 2.04 + 0.5 / 25);
  close(timeOfFrameAt(2.1, segments, 25), 2.04 + 2.5 / 25);
});

test('the last frame of a part ends at its end', () => {
  close(timeOfFrameBefore(0.52, segments, 25), 0.08 + 12.5 / 25);
  close(timeOfFrameBefore(2, segments, 25), 0.08 + 49.5 / 25);
  close(timeOfFrameBefore(2.04, segments, 25), 2.04 + 0.5 / 25);
});

test('a moment between two frames shows the earlier one, and the part ends with the later one', () => {
  close(timeOfFrameAt(0.5, segments, 25), 0.08 + 12.5 / 25);
  close(timeOfFrameBefore(0.5, segments, 25), 0.08 + 12.5 / 25);
});

test('times that were rounded to a millisecond find their frame at every rate', () => {
  for (const fps of [24000 / 1001, 25, 30000 / 1001, 50, 60000 / 1001]) {
    for (let frame = 0; frame < Math.floor(2 * fps); frame++) {
      const [start, end] = [frame, frame + 1].map((n) => Math.round((n / fps) * 1000) / 1000);
      close(timeOfFrameAt(start ?? 0, segments.slice(0, 1), fps), 0.08 + (frame + 0.5) / fps);
      close(timeOfFrameBefore(end ?? 0, segments.slice(0, 1), fps), 0.08 + (frame + 0.5) / fps);
    }
  }
});

test('a frame of a segment that is not buffered is unknown', () => {
  assert.equal(timeOfFrameAt(1, [{ at: 0 }], 25), undefined);
  assert.equal(timeOfFrameBefore(1, [{ at: 0 }], 25), undefined);
});
