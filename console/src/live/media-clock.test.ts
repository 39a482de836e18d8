/** Tests of the conversion between media time and the stream's clock. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MediaClock } from './media-clock.ts';

const AT = Date.UTC(2020, 1, 3, 13, 30, 0);
/** Fragments of two seconds. Their first frame is shown 64 ms after their start. */
const OFFSET = 0.064;
const fragments = [0, 1, 2].map((index) => ({
  sn: 7 + index,
  start: index * 2,
  duration: 2,
  // The stream was off air for a minute before the last fragment.
  programDateTime: AT + index * 2000 + (index === 2 ? 60_000 : 0),
}));

function buffered() {
  const clock = new MediaClock(25);
  clock.update(fragments);
  for (const it of fragments) clock.noteBuffered(it, it.start + OFFSET);
  clock.update(fragments);
  return clock;
}

test('every frame of a buffered fragment is found by its date, and its date by its time', () => {
  const clock = buffered();
  for (let frame = 0; frame < 100; frame++) {
    const date = AT + frame * 40;
    const found = clock.timeAt(date);
    assert.equal(found?.isExact, true);
    assert.ok(Math.abs((found?.time ?? 0) - (frame * 0.04 + OFFSET + 0.02)) < 1e-9);
    assert.ok(Math.abs((clock.dateAt(frame * 0.04 + OFFSET) ?? 0) - date) < 0.01);
  }
});

test('a fragment that is not buffered is an estimate by the last known offset', () => {
  const clock = new MediaClock(25);
  clock.update(fragments);
  assert.equal(clock.timeAt(AT)?.isExact, false);
  clock.noteBuffered(fragments[0] as (typeof fragments)[0], OFFSET);
  clock.update(fragments);
  const second = clock.timeAt(AT + 2000);
  assert.equal(second?.isExact, false);
  assert.ok(Math.abs((second?.time ?? 0) - (2 + OFFSET + 0.02)) < 1e-9);
});

test('a date off air is the next frame on air', () => {
  const found = buffered().timeAt(AT + 30_000);
  assert.ok(Math.abs((found?.time ?? 0) - (4 + OFFSET + 0.02)) < 1e-9);
});
