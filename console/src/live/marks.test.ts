/** Tests of in and out, and of undoing them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UndoStack } from '../clip/undo.ts';
import { Marks } from './marks.svelte.ts';

function marks() {
  const undo = new UndoStack();
  const kept: unknown[] = [];
  return {
    undo,
    kept,
    marks: new Marks({ push: (it) => undo.push(it), keep: (it) => kept.push(it) }),
  };
}

test('marks are whole milliseconds inside their frames', () => {
  const { marks: it } = marks();
  it.setIn(1000.4, String);
  it.setOut(2033.7, String);
  assert.deepEqual([it.in, it.out], [1001, 2033]);
});

test('a mark that contradicts the other clears it', () => {
  const { marks: it } = marks();
  it.setIn(1000, String);
  it.setOut(5000, String);
  it.setIn(6000, String);
  assert.deepEqual([it.in, it.out], [6000, undefined]);
  it.setOut(3000, String);
  assert.deepEqual([it.in, it.out], [undefined, 3000]);
});

test('each change is a step, and a drag is none until it ends', async () => {
  const { marks: it, undo, kept } = marks();
  it.setIn(1000, () => 'in');
  it.setOut(5000, () => 'out');
  it.show({ in: 1000, out: 5500 });
  assert.equal(undo.next?.label(), 'out');
  await undo.undo();
  assert.deepEqual([it.in, it.out], [1000, undefined]);
  await undo.redo();
  assert.deepEqual([it.in, it.out], [1000, 5000]);
  assert.deepEqual(kept.at(-1), { in: 1000, out: 5000 });
});
