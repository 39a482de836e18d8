/** Checks the speed and the time left of uploads. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Speed } from './speed.ts';

test('the speed is that of the last ten seconds', () => {
  const speed = new Speed();
  for (let second = 0; second <= 30; second++)
    speed.record(second < 20 ? second * 1000 : 20_000 + (second - 20) * 5000, second * 1000);
  assert.equal(speed.bytesPerSecond(30_000), 5000);
  assert.equal(speed.secondsLeft(50_000, 30_000), 10);
});

test('there is no speed in the first second, and none after a reset', () => {
  const speed = new Speed();
  speed.record(0, 0);
  speed.record(500, 900);
  assert.equal(speed.bytesPerSecond(900), undefined);
  speed.record(1000, 2000);
  assert.equal(speed.bytesPerSecond(2000), 500);
  speed.reset();
  assert.equal(speed.secondsLeft(1, 3000), undefined);
});

test('the speed falls while nothing moves, and time left is unknown at zero', () => {
  const speed = new Speed();
  speed.record(0, 0);
  speed.record(8000, 1000);
  assert.equal(speed.bytesPerSecond(8000), 1000);
  speed.record(8000, 9000);
  speed.record(8000, 11_000);
  speed.record(8000, 22_000);
  assert.equal(speed.secondsLeft(1, 22_000), undefined);
});

test('bytes that must be sent again start a new measurement', () => {
  const speed = new Speed();
  speed.record(9000, 0);
  speed.record(1000, 1000);
  speed.record(3000, 3000);
  assert.equal(speed.bytesPerSecond(3000), 1000);
});
