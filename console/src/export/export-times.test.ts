/** Tests of the start and the end of an export. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from '../clip/clip.ts';
import { ExportTimes } from './export-times.svelte.ts';
import { formatPosition, parsePosition } from './position.ts';

const at = (text: string) => `2020-02-03T${text}Z`;
const actual = { start: at('13:30:56'), end: at('13:31:08'), durationSeconds: 12 };
const live = {
  source: 'live',
  actual,
  requested: { start: at('13:30:58.120'), end: at('13:31:06.320') },
} as unknown as Clip;
const upload = { source: 'upload', actual } as unknown as Clip;

function open(clip: Clip): ExportTimes {
  return new ExportTimes({
    clip: () => clip,
    frameMs: () => 40,
    zone: () => 'utc',
    clock: (date) => new Date(date).toISOString().slice(11, 23),
  });
}

test('the times begin with those that players show, and are then not sent', () => {
  const times = open(live);
  assert.deepEqual({ ...times.texts }, { start: '13:30:58.120', end: '13:31:06.320' });
  assert.deepEqual(times.toRequest(), {});
  times.texts = { start: '', end: ' ' };
  assert.deepEqual(times.toRequest(), {});
  assert.equal(times.problemOf('start') ?? times.problemOf('end'), undefined);
});

test('a typed time is sent as the frame that it lies in, within all of the media', () => {
  const times = open(live);
  times.texts.start = '13:30:56';
  times.texts.end = '13:31:07.010';
  assert.deepEqual(times.toRequest(), { start: at('13:30:56.000'), end: at('13:31:07.000') });
  times.texts.start = '13:30:58:03';
  assert.equal(times.toRequest().start, undefined, 'the third frame is where players start');
});

test('the start becomes the start of the shown frame, and the end its end', () => {
  const times = open(live);
  times.set('start', Date.parse(at('13:31:00.040')));
  times.set('end', Date.parse(at('13:31:00.080')));
  assert.deepEqual({ ...times.texts }, { start: '13:31:00.040', end: '13:31:00.120' });
  assert.equal(times.problemOf('end'), undefined);
});

test('a trim renews the times, and nothing else does', () => {
  let clip = live;
  const times = new ExportTimes({
    clip: () => clip,
    frameMs: () => 40,
    zone: () => 'utc',
    clock: (date) => new Date(date).toISOString().slice(11, 23),
  });
  times.texts.start = '13:31:00';
  times.renew();
  assert.equal(times.texts.start, '13:31:00');
  clip = { ...live, requested: actual } as unknown as Clip;
  times.renew();
  assert.equal(times.texts.start, '13:30:56.000');
});

test('a wrong time is said by its field', () => {
  const times = open(live);
  times.texts = { start: 'noon', end: '13:31:08.040' };
  assert.equal(times.problemOf('start'), 'no-time');
  assert.equal(times.problemOf('end'), 'after-media');
  times.texts = { start: '13:30:55.960', end: '13:31:00' };
  assert.equal(times.problemOf('start'), 'before-media');
  times.texts = { start: '13:31:01', end: '13:31:01' };
  assert.equal(times.problemOf('end'), 'order');
});

test('times of other clips count from their start', () => {
  const times = open(upload);
  assert.deepEqual({ ...times.texts }, { start: '0:00.000', end: '0:12.000' });
  times.texts = { start: '2.5', end: '0:10,2' };
  assert.deepEqual(times.toRequest(), { start: at('13:30:58.480'), end: at('13:31:06.200') });
  times.texts.end = '12.1';
  assert.equal(times.problemOf('end'), 'after-media');
});

test('a clip whose bounds are unknown is exported as a whole', () => {
  const times = open({ source: 'upload' } as unknown as Clip);
  assert.equal(times.media, undefined);
  assert.deepEqual(times.toRequest(), {});
  assert.equal(times.problemOf('start'), undefined);
});

test('positions are read as they are shown', () => {
  for (const text of ['0:05.240', '59:59.999', '1:02:03.000']) {
    assert.equal(formatPosition(parsePosition(text) ?? -1), text);
  }
  assert.equal(parsePosition('75.5'), 75_500);
  for (const text of ['', 'x', '1:75', '1:60:00', '-3', '1:2:3:4']) {
    assert.equal(parsePosition(text), undefined, text);
  }
});
