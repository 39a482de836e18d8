/** Tests of the text about new media of a clip. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Announcer } from '../clip/announcer.svelte.ts';
import type { Clip, ClipEdit } from '../clip/clip.ts';
import { UndoStack } from '../clip/undo.ts';
import { Format } from '../messages/format.ts';
import { oldWindow, remakeText } from './remake-note.ts';
import { saveTrim } from './trim-step.ts';

const time = (second: number) => new Date(Date.UTC(2020, 1, 3, 13, 30, second)).toISOString();
const SAME = { start: time(1), end: time(9) };
const WIDER = { start: time(0), end: time(9) };

function clipWith(remake: object | undefined, fields: object = {}): Clip {
  const clip = { clip: 'heat', status: 'ready', attempt: 1, requested: SAME, ...fields };
  return { ...clip, meta: { title: 'Heat' }, ...(remake && { remake }) } as unknown as Clip;
}

function exact(status: string, fields: object = {}): Clip {
  return clipWith({ status, precision: 'frame', requested: SAME, ...fields });
}

const format = new Format({ locale: 'en-GB', zone: 'utc' });
const FAILURE = { code: 'transcode-failed', message: 'The job failed.' };

test('the note is about exact frames, and about the new cut if the window moves too', () => {
  const check = (clip: Clip, expected: RegExp) => assert.match(remakeText(clip, format), expected);
  check(
    exact('transcoding', { progress: 40 }),
    /^Exact frames are being made: 40%\. The clip plays/,
  );
  check(exact('packaging'), /^Exact frames are being packaged\. The clip plays/);
  check(exact('failed', { failure: FAILURE }), /^Exact frames could not be made: The job failed\./);
  check(
    exact('transcoding', { progress: 0, requested: WIDER }),
    /^Exact frames of the new cut 13:30:00–13:30:09 are being made: 0%\. The old cut plays/,
  );
  check(
    exact('failed', { failure: FAILURE, requested: WIDER }),
    /^Exact frames of the new cut .+ The job failed\. The clip keeps its old cut\.$/,
  );
  check(
    clipWith({ status: 'harvesting', requested: WIDER }),
    /^The new cut .+ is being harvested\. The old one plays/,
  );
  assert.equal(remakeText(clipWith(undefined), format), '');
});

test('the old cut can be kept only if there is another one', () => {
  const running = { progress: 40 };
  assert.equal(oldWindow(exact('transcoding', running)), undefined);
  assert.equal(oldWindow(exact('transcoding', { ...running, requested: WIDER })), SAME);
  assert.equal(oldWindow(clipWith({ status: 'queued', requested: WIDER })), SAME);
  const failed = { failure: FAILURE, requested: WIDER };
  assert.equal(oldWindow(exact('failed', failed)), undefined);
  // The service may write the same time in another way.
  const withoutMs = { start: SAME.start.replace('.000', ''), end: SAME.end };
  assert.equal(oldWindow(exact('packaging', { requested: withoutMs })), undefined);
});

test('a new try of the same frames leaves nothing to undo', async () => {
  const undo = new UndoStack(() => 0);
  const sent: ClipEdit[] = [];
  const edit = async (_: Clip, fields: ClipEdit) => sent.push(fields) > 0;
  const clips = { edit, now: () => 0 };
  assert.ok(await saveTrim(clips, undo, exact('failed', { failure: FAILURE }), SAME));
  assert.equal(undo.next, undefined);
  const moved = exact('failed', { failure: FAILURE, requested: WIDER });
  assert.ok(await saveTrim(clips, undo, moved, WIDER));
  assert.ok(undo.next);
  assert.deepEqual(sent, [SAME, WIDER]);
});

test('exact frames are announced when the clip has them, or when they cannot be made', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const announcer = new Announcer(() => 'anna');
  const say = (before: Clip, after: Clip) =>
    announcer.say({ kind: 'changed', change: { before, after } });
  const making = exact('transcoding', { progress: 40 });
  assert.ok(say(making, exact('failed', { failure: FAILURE })).isFailure);
  assert.equal(announcer.assertive, 'Exact frames of Heat could not be made: The job failed.');
  const harvesting = clipWith({ status: 'harvesting', requested: WIDER });
  const remade = { ...making, attempt: 2 } as Clip;
  say(harvesting, remade);
  say(remade, clipWith(undefined, { attempt: 3, precision: 'frame' }));
  mock.timers.tick(1_000);
  mock.timers.reset();
  assert.equal(announcer.polite, 'Heat plays its new cut. Heat has exact frames.');
});
