import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tagsAfter } from './tag-keys.ts';

const press = (code: string, more = {}) => ({
  code,
  altKey: true,
  ctrlKey: false,
  metaKey: false,
  ...more,
});

test('Alt and a number toggle that tag of the deployment', () => {
  const offered = ['final', 'record'];
  assert.deepEqual(tagsAfter(press('Digit2'), ['final'], offered), ['final', 'record']);
  assert.deepEqual(tagsAfter(press('Numpad1'), ['final', 'x'], offered), ['x']);
});

test('other presses are left to the field', () => {
  assert.equal(tagsAfter(press('Digit3'), [], ['final']), undefined);
  assert.equal(tagsAfter(press('Digit1', { altKey: false }), [], ['final']), undefined);
  // AltGr is Ctrl and Alt on Windows: it types characters.
  assert.equal(tagsAfter(press('Digit1', { ctrlKey: true }), [], ['final']), undefined);
});
