import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromInput, toInput } from './datetime.ts';

test('a time comes back as it was typed, in both zones', () => {
  for (const zone of ['utc', 'local'] as const) {
    for (const text of ['2020-02-03T13:30:58', '2020-07-03T00:00:00', '2024-02-29T23:59:59']) {
      assert.equal(toInput(fromInput(text, zone) ?? 0, zone), text);
    }
  }
});

test('UTC is read as UTC, and seconds may be absent', () => {
  assert.equal(fromInput('2020-02-03T13:30', 'utc'), Date.UTC(2020, 1, 3, 13, 30));
});

test('a field that is not filled in is no time', () => {
  assert.equal(fromInput('', 'utc'), undefined);
  assert.equal(fromInput('2020-02-03', 'utc'), undefined);
});
