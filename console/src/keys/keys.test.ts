/** Tests of the key table: chords, remapping, export and import. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOf, chordOf, exportKeys, importKeys, KEY_ACTIONS, KEYS, remap } from './keys.ts';
import { chordLabel } from './label.ts';

const held = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };

test('no two actions share a default chord', () => {
  const chords = KEY_ACTIONS.flatMap((it) => [...KEYS[it].chords]);
  assert.deepEqual([...new Set(chords)], chords);
});

test('a chord is the modifiers and the place of the key', () => {
  assert.equal(chordOf({ ...held, code: 'KeyE', shiftKey: true }), 'Shift+KeyE');
  assert.equal(chordOf({ ...held, code: 'KeyZ', metaKey: true }), 'Mod+KeyZ');
  assert.equal(chordOf({ ...held, code: 'ShiftLeft', shiftKey: true }), undefined);
});

test('a remapped chord is taken from the action that had it', () => {
  const keys = remap({}, 'cut', 'KeyI');
  assert.equal(actionOf('KeyI', keys), 'cut');
  assert.equal(actionOf('KeyE', keys), undefined);
  assert.deepEqual(keys['mark-in'], []);
});

test('an exported map can be imported, and unknown actions are ignored', () => {
  const keys = remap({}, 'cut', 'Enter');
  assert.deepEqual(importKeys(exportKeys(keys)), keys);
  assert.deepEqual(importKeys('{"keys": {"dance": ["KeyD"]}}'), {});
  assert.throws(() => importKeys('{"keys": {"cut": "KeyD"}}'));
  assert.throws(() => importKeys('[]'));
});

test('a label has the letter that is printed on the key', () => {
  assert.equal(chordLabel('Mod+KeyZ', new Map([['KeyZ', 'y']]), false), 'Ctrl Y');
  assert.equal(chordLabel('Shift+ArrowLeft', new Map(), true), 'Shift ←');
});
