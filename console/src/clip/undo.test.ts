import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Step, UndoStack } from './undo.ts';

/** A step that writes down what happens to it. */
function step(name: string, log: string[], until?: number): Step {
  return {
    label: () => name,
    undo: () => void log.push(`undo ${name}`),
    redo: () => void log.push(`redo ${name}`),
    until,
  };
}

test('the last step is undone first, and redone last', async () => {
  const log: string[] = [];
  const stack = new UndoStack();
  stack.push(step('in', log));
  stack.push(step('out', log));
  await stack.undo();
  await stack.undo();
  assert.equal(await stack.undo(), undefined);
  await stack.redo();
  await stack.redo();
  assert.equal(await stack.redo(), undefined);
  assert.deepEqual(log, ['undo out', 'undo in', 'redo in', 'redo out']);
});

test('a new step forgets what was undone', async () => {
  const log: string[] = [];
  const stack = new UndoStack();
  stack.push(step('in', log));
  await stack.undo();
  stack.push(step('out', log));
  assert.equal(await stack.redo(), undefined);
  assert.deepEqual(log, ['undo in']);
});

test('a step whose time is over is skipped', async () => {
  const log: string[] = [];
  let now = 0;
  const stack = new UndoStack(() => now);
  stack.push(step('in', log));
  stack.push(step('cut', log, 10_000));
  assert.equal(stack.next?.label(), 'cut');
  now = 10_000;
  assert.equal(stack.next?.label(), 'in');
  await stack.undo();
  assert.deepEqual(log, ['undo in']);
});

test('a dropped step is neither undone nor redone', async () => {
  const log: string[] = [];
  const stack = new UndoStack();
  const cut = step('cut', log);
  stack.push(cut);
  await stack.undo();
  stack.drop(cut);
  assert.equal(await stack.redo(), undefined);
  assert.deepEqual(log, ['undo cut']);
});
