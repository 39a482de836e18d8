/** Tests of the trim of a ready clip: what it would do, where frames are, and its undo. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Announcer } from '../clip/announcer.svelte.ts';
import type { Clip, ClipEdit } from '../clip/clip.ts';
import { findConflicts } from '../clip/edits.ts';
import { UndoStack } from '../clip/undo.ts';
import { Trim } from './trim.svelte.ts';
import { saveTrim } from './trim-step.ts';
import { keptBy, outlookOf, stretchOf, viewOf, withMark } from './trim-window.ts';

const at = (second: number) => Date.UTC(2020, 1, 3, 13, 30) + second * 1000;
const time = (second: number) => new Date(at(second)).toISOString();
const timesOf = (start: number, end: number) => ({ start: time(start), end: time(end) });
const windowOf = (start: number, end: number) => ({ start: at(start), end: at(end) });

const CLIP = {
  status: 'ready',
  attempt: 1,
  requested: timesOf(61, 69),
  actual: { ...timesOf(60, 70), durationSeconds: 10 },
  meta: { title: 'Heat' },
} as unknown as Clip;
/** The channel keeps the seconds 50 to 100. */
const KEPT = { oldest: at(50), edge: at(100), segmentMs: 2_000, startoverMs: 50_000 };

function trimOf(clip: Clip, kept = KEPT, frameMs = 40): Trim {
  return new Trim({ clip: () => clip, kept: () => kept, frameMs: () => frameMs });
}

test('a window within the media takes effect at once, another one is harvested again', () => {
  const check = (window: [number, number], effect: string, problem?: string, kept = KEPT) =>
    assert.deepEqual(outlookOf(windowOf(...window), CLIP, kept), {
      effect,
      ...(problem && { problem }),
    });
  check([61, 69], 'none');
  check([60, 70], 'inside');
  check([65, 65.5], 'inside', 'too-short');
  check([59.96, 69], 'beyond');
  check([61, 70.04], 'beyond');
  check([58, 61], 'beyond', 'too-short-beyond');
  check([49, 69], 'beyond', 'not-kept');
  check([61, 101], 'beyond', 'not-aired');
  check([55, 99], 'beyond', 'too-long', { ...KEPT, startoverMs: 40_000 });
  assert.deepEqual(outlookOf(windowOf(59, 69), CLIP, undefined).problem, 'not-kept');
  const often = { ...CLIP, attempt: 98 } as Clip;
  assert.deepEqual(outlookOf(windowOf(59, 69), often, KEPT), { effect: 'beyond' });
  const worn = { ...CLIP, attempt: 99 } as Clip;
  assert.deepEqual(outlookOf(windowOf(59, 69), worn, KEPT).problem, 'too-often');
  assert.deepEqual(outlookOf(windowOf(62, 69), worn, KEPT), { effect: 'inside' });
});

test('a clip with exact frames gets new ones, from its segments if the channel keeps nothing', () => {
  const exact = { ...CLIP, requestedPrecision: 'frame', precision: 'frame' } as Clip;
  const check = (start: number, end: number, outlook: object, clip = exact, kept?: typeof KEPT) =>
    assert.deepEqual(outlookOf(windowOf(start, end), clip, kept), outlook);
  check(62, 69, { effect: 'inside-exact' });
  check(62, 62.5, { effect: 'inside-exact', problem: 'too-short' });
  // It has these frames.
  check(60, 70, { effect: 'inside' });
  check(62, 69, { effect: 'inside' }, { ...exact, attempt: 99 } as Clip);
  check(59, 69, { effect: 'beyond-exact' }, exact, KEPT);
  check(61, 101, { effect: 'beyond-exact', problem: 'not-aired' }, exact, KEPT);
  check(59.5, 61, { effect: 'beyond-own' }, exact, KEPT);
  check(59, 69, { effect: 'beyond-own' });
  check(59.9, 60.5, { effect: 'beyond-exact', problem: 'too-short' });
});

test('while new media is made, its window is the one to move, and the old one takes it back', () => {
  const remake = { status: 'harvesting', requested: timesOf(55, 69) };
  const clip = { ...CLIP, remake } as unknown as Clip;
  assert.deepEqual(trimOf(clip).window, windowOf(55, 69));
  assert.deepEqual(outlookOf(windowOf(55, 69), clip, KEPT), { effect: 'none' });
  assert.deepEqual(outlookOf(windowOf(61, 69), clip, KEPT), { effect: 'inside' });
  const failed = { ...CLIP, remake: { ...remake, status: 'failed' } } as unknown as Clip;
  assert.deepEqual(trimOf(failed).window, windowOf(61, 69));
  assert.deepEqual(outlookOf(windowOf(55, 69), failed, KEPT), { effect: 'beyond' });
  // Another operator who moves the start meets the window of the new media.
  assert.deepEqual(findConflicts(CLIP, clip, { start: time(62) }), ['start']);
});

test('in is the start of a frame, and out the end of one, counted from the start of the media', () => {
  const frameMs = 1001 / 30;
  const media = { start: at(0), end: at(10.01) };
  const window = windowOf(1, 9);
  const inAt = (ms: number) =>
    withMark(window, 'in', media.start + ms, media, frameMs).start - at(0);
  const outAt = (ms: number) =>
    withMark(window, 'out', media.start + ms, media, frameMs).end - at(0);
  assert.deepEqual([0, 33, 34, 66.8, 2002].map(inAt), [0, 0, 34, 67, 2002]);
  assert.deepEqual([60, 66, 2002, 10_009, 10_011].map(outAt), [66, 66, 2002, 10_010, 10_010]);
  assert.equal(inAt(-10), -33);
});

test('the handles reach some seconds beyond the media, as far as the channel keeps it', () => {
  const trim = trimOf(CLIP);
  assert.deepEqual(trim.view, windowOf(50, 80));
  trim.move('in', at(40));
  assert.deepEqual(trim.window, windowOf(50, 69));
  trim.move('in', at(90));
  assert.deepEqual(trim.window, windowOf(68, 69));
  trim.move('out', at(90));
  assert.deepEqual(trim.window, windowOf(68, 80));
  const media = stretchOf(CLIP.actual as { start: string; end: string });
  assert.deepEqual(viewOf(windowOf(61, 69), media, undefined), media);
  // A typed time may lie further away: the timeline then shows it too.
  trim.set('in', at(30));
  assert.deepEqual(trim.view, windowOf(30, 80));
  assert.equal(trim.outlook.problem, 'not-kept');
});

test('a channel keeps what it has aired, for the time of its startover window', () => {
  const channel = { window: timesOf(0, 100), startoverSeconds: 60, segmentSeconds: 2 };
  const kept = keptBy(channel as Parameters<typeof keptBy>[0]);
  assert.deepEqual([kept?.oldest, kept?.edge], [at(40), at(100)]);
  assert.equal(keptBy(undefined), undefined);
});

test('undo of a trim sends the former times, and a refused trim leaves nothing to undo', async () => {
  const undo = new UndoStack(() => 0);
  const sent: [Clip, ClipEdit][] = [];
  let isSaved = true;
  const clips = {
    edit: async (shown: Clip, fields: ClipEdit) => {
      sent.push([shown, fields]);
      return isSaved;
    },
    now: () => 0,
  };
  assert.ok(await saveTrim(clips, undo, CLIP, timesOf(62, 68)));
  await undo.undo();
  await undo.redo();
  assert.deepEqual(
    sent.map(([, fields]) => fields),
    [timesOf(62, 68), timesOf(61, 69), timesOf(62, 68)],
  );
  assert.ok(sent.every(([shown]) => shown === CLIP));
  await undo.undo();
  isSaved = false;
  assert.equal(await saveTrim(clips, undo, CLIP, timesOf(1, 2)), false);
  assert.equal(undo.next, undefined);
});

test('new media that cannot be made is announced at once, and only once', () => {
  const announcer = new Announcer(() => 'anna');
  const failure = { code: 'harvest-failed', message: 'internal error' };
  const making = { status: 'harvesting', requested: timesOf(55, 69) };
  const before = { ...CLIP, remake: making } as unknown as Clip;
  const after = { ...CLIP, remake: { ...making, status: 'failed', failure } } as unknown as Clip;
  assert.ok(announcer.say({ kind: 'changed', change: { before, after } }).isFailure);
  assert.match(announcer.assertive, /Heat.*internal error/);
  const again = { before: after, after: { ...after } as Clip };
  assert.equal(announcer.say({ kind: 'changed', change: again }).isFailure, false);
});
