/** Tests of keeping a video inside its part. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Part } from './part.ts';
import { type FrameTimes, PartKeeper } from './part-keeper.ts';

/** 25 frames a second; the first one is 80 ms late. */
const times: FrameTimes = {
  frameSeconds: 0.04,
  isKnown: () => true,
  timeAt: (moment) => moment + 0.08 + 0.02,
  timeBefore: (moment) => moment + 0.08 - 0.02,
};

/** A video that shows the frames that the test says. */
class Video extends EventTarget {
  paused = true;
  ended = false;
  loop = false;
  playbackRate = 1;
  #time = 0;
  #frame: VideoFrameRequestCallback | undefined;

  get currentTime() {
    return this.#time;
  }
  set currentTime(time: number) {
    this.#time = time;
    this.dispatchEvent(new Event('seeking'));
  }
  async play() {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
  }
  pause() {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
  requestVideoFrameCallback(callback: VideoFrameRequestCallback) {
    this.#frame = callback;
    return 1;
  }
  /** Plays on to the frame that starts at a time. */
  show(mediaTime: number) {
    this.#time = mediaTime;
    this.#frame?.(0, { mediaTime } as VideoFrameCallbackMetadata);
  }
}

function keep(part: Part) {
  const video = new Video();
  let ends = 0;
  const keeper = new PartKeeper(video as never, part, times, () => ends++);
  return { video, keeper, ends: () => ends };
}
const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

test('the video stops at the last frame of its part', () => {
  const { video, keeper, ends } = keep({ start: 1, end: 3 });
  keeper.seek(0);
  close(video.currentTime, 1.1);
  void video.play();
  video.show(2.08);
  assert.equal(video.paused, false);
  video.show(3.04);
  assert.equal(video.paused, true);
  close(video.currentTime, 3.06);
  assert.equal(ends(), 1);
  keeper.destroy();
});

test('after the end it starts again at the first frame', () => {
  const { video, keeper } = keep({ start: 1, end: 3 });
  void video.play();
  video.show(3.04);
  void video.play();
  close(video.currentTime, 1.1);
  close(keeper.time, 0);
  keeper.destroy();
});

test('a loop does not stop', () => {
  const { video, keeper, ends } = keep({ start: 1, end: 3 });
  video.loop = true;
  void video.play();
  video.show(3.04);
  assert.equal(video.paused, false);
  close(video.currentTime, 1.1);
  assert.equal(ends(), 0);
  keeper.destroy();
});

test('a video that skips frames near the end is stopped in time', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { video, keeper } = keep({ start: 1, end: 3 });
    void video.play();
    video.show(2.88);
    mock.timers.tick(179);
    assert.equal(video.paused, false);
    mock.timers.tick(2);
    assert.equal(video.paused, true);
    close(video.currentTime, 3.06);
    keeper.destroy();
  } finally {
    mock.timers.reset();
  }
});

test('somebody who seeks out of the part is brought back', () => {
  const { video, keeper, ends } = keep({ start: 1, end: 3 });
  video.currentTime = 0.2;
  close(video.currentTime, 1.1);
  video.currentTime = 9;
  close(video.currentTime, 3.06);
  assert.equal(ends(), 1);
  video.currentTime = 2;
  close(video.currentTime, 2);
  keeper.destroy();
});

test('a part that ends with its media is not stopped', () => {
  const { video, keeper, ends } = keep({ start: 0 });
  void video.play();
  video.show(99);
  assert.equal(video.paused, false);
  video.dispatchEvent(new Event('ended'));
  assert.equal(ends(), 1);
  keeper.destroy();
});

test('a keeper that has ended does nothing', () => {
  const { video, keeper } = keep({ start: 1, end: 3 });
  keeper.destroy();
  video.currentTime = 9;
  close(video.currentTime, 9);
});
