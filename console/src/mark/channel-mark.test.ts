/** Tests of what operators do with marks at the picture. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asNew,
  DEFAULT_LEAD,
  flagsOf,
  fromStored,
  markAfter,
  markAt,
  markBefore,
  shapeOf,
  stretchOf,
} from './channel-mark.ts';
import { MarkWindow } from './lead.ts';
import { storedMark, timeOf } from './mark.testing.ts';

const FRAME = 40;
const marks = [10, 20, 30].map((second) => fromStored(storedMark(`m${second}`, second)));
const at = (second: number) => Date.parse(timeOf(second));

test('the marks before, at and after the frame that is shown', () => {
  const keys = (now: number) =>
    [markBefore(marks, now), markAt(marks, now, FRAME), markAfter(marks, now, FRAME)].map(
      (it) => it?.key,
    );
  assert.deepEqual(keys(at(20)), ['m10', 'm20', 'm30']);
  assert.deepEqual(keys(at(25)), ['m20', 'm20', 'm30']);
  // The frame begins before its mark.
  assert.deepEqual(keys(at(20) - FRAME + 5), ['m10', 'm20', 'm30']);
  assert.deepEqual(keys(at(5)), [undefined, undefined, 'm10']);
  assert.deepEqual(keys(at(30)), ['m20', 'm30', undefined]);
});

test('a mark with an end is its own stretch, and another has the lead around it', () => {
  const stretch = fromStored(storedMark('break', 10, { end: timeOf(40) }));
  assert.deepEqual(stretchOf(stretch, DEFAULT_LEAD), { start: at(10), end: at(40) });
  assert.deepEqual(stretchOf(fromStored(storedMark('goal', 10)), { before: 4_000, after: 2_000 }), {
    start: at(6),
    end: at(12),
  });
});

test('the lead is that of the last cut around a mark', () => {
  const store = {
    lead: DEFAULT_LEAD,
    save({ lead }: { lead: typeof DEFAULT_LEAD }) {
      store.lead = lead;
    },
  };
  const window = new MarkWindow(store);
  const [mark] = marks as [(typeof marks)[number]];
  window.learn({ start: at(1), end: at(30) });
  assert.equal(store.lead, DEFAULT_LEAD, 'a cut without a mark');
  window.take(mark);
  window.learn({ start: at(20), end: at(30) });
  assert.equal(store.lead, DEFAULT_LEAD, 'a cut elsewhere');
  window.take(mark);
  window.learn({ start: at(7), end: at(14) });
  assert.deepEqual(store.lead, { before: 3_000, after: 4_000 });
  assert.deepEqual(window.take(mark), { start: at(7), end: at(14) });
});

test('a stretch does not change the lead', () => {
  const saved: unknown[] = [];
  const window = new MarkWindow({ lead: DEFAULT_LEAD, save: (it) => saved.push(it) });
  window.take(fromStored(storedMark('break', 10, { end: timeOf(40) })));
  window.learn({ start: at(5), end: at(45) });
  assert.deepEqual(saved, []);
});

test('marks that lie too close share a flag', () => {
  const more = (width: number) => flagsOf(marks, width).map((it) => [it.mark.key, it.more]);
  assert.deepEqual(more(1_000), [
    ['m10', 0],
    ['m20', 0],
    ['m30', 0],
  ]);
  assert.deepEqual(more(15_000), [
    ['m10', 1],
    ['m30', 0],
  ]);
});

test('the source of a mark has a shape', () => {
  assert.deepEqual(['operator', 'scte35', 'webhook'].map(shapeOf), [
    'pennant',
    'bracket',
    'diamond',
  ]);
});

test('a mark is made again with all that was sent of it', () => {
  const mark = storedMark('m', 10, {
    end: timeOf(12),
    tags: { player: 'Müller' },
    confidence: 0.9,
  });
  const { id: _, receivedAt: __, ...sent } = mark;
  assert.deepEqual(asNew({ ...mark, key: 'k', createdBy: 'anna' }), sent);
  assert.equal(fromStored(mark).tags, 'player Müller');
});
