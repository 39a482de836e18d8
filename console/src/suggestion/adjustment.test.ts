/** Tests of adjusting a suggestion with in and out. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip, ClipEdit } from '../clip/clip.ts';
import type { MarkedWindow } from '../live/marks.svelte.ts';
import { Adjustment } from './adjustment.svelte.ts';

const START = Date.UTC(2020, 1, 3, 13, 30);
const time = (seconds: number) => new Date(START + seconds * 1000).toISOString();

function open({ isSaved = true } = {}) {
  const requested = { start: time(0), end: time(12) };
  const suggestion = { clip: 'goal', status: 'suggested', channel: 'main', requested };
  const store = { clip: { ...suggestion, meta: { title: 'Goal' } } as unknown as Clip };
  const done: unknown[] = [];
  const marks = {
    window: { in: 1, out: 2 } as MarkedWindow,
    change: (window: MarkedWindow) => {
      marks.window = window;
    },
  };
  const live = {
    marks,
    get window() {
      const { in: start, out: end } = marks.window;
      return start === undefined || end === undefined ? undefined : { start, end };
    },
    show: () => {},
    timeline: { showStretch: () => {} },
  };
  const adjustment = new Adjustment({
    clips: {
      find: () => store.clip,
      edit: async (_: Clip, fields: ClipEdit) => {
        done.push(fields);
        return isSaved;
      },
      confirm: async ({ clip }: Clip) => void done.push(`confirm ${clip}`),
    },
    channels: { select: (channel: string) => done.push(channel) },
    live,
    showLive: () => done.push('live'),
  });
  adjustment.start(store.clip);
  return { adjustment, done, marks, store };
}

test('the window of a suggestion becomes in and out, on its channel', () => {
  const { adjustment, done, marks } = open();
  assert.deepEqual(done, ['main', 'live']);
  assert.deepEqual(marks.window, { in: START, out: START + 12_000 });
  assert.equal(adjustment.clip?.clip, 'goal');
});

test('in and out are saved before the suggestion is confirmed', async () => {
  const { adjustment, done, marks } = open();
  marks.change({ in: START - 3_000, out: START + 9_500 });
  await adjustment.save();
  assert.deepEqual(done.slice(2), [{ start: time(-3), end: time(9.5) }, 'confirm goal']);
  assert.equal(adjustment.clip, undefined);
  assert.deepEqual(marks.window, { in: 1, out: 2 }, 'in and out from before');
});

test('a suggestion whose new window is not saved is not confirmed', async () => {
  const { adjustment, done } = open({ isSaved: false });
  await adjustment.save();
  assert.equal(done.includes('confirm goal'), false);
});

test('a suggestion that is left, or that is gone, is not adjusted', () => {
  const { adjustment, marks, store } = open();
  adjustment.cancel();
  assert.equal(adjustment.clip, undefined);
  assert.deepEqual(marks.window, { in: 1, out: 2 });
  adjustment.start(store.clip);
  store.clip = { ...store.clip, status: 'scheduled' } as Clip;
  assert.equal(adjustment.clip, undefined);
});
