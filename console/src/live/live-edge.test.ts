/** Tests of the live edge between two reads of the manifest. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveEdge } from './live-edge.ts';

test('the edge moves evenly although segments come in steps', () => {
  const edge = new LiveEdge(2000);
  for (const second of [0, 2, 4, 6]) edge.observe(100_000 + second * 1000, 50_000 + second * 1000);
  assert.equal(edge.at(56_000), 106_000);
  assert.equal(edge.at(57_000), 107_000);
  assert.equal(edge.last, 106_000);
});

test('a stream without new segments stands', () => {
  const edge = new LiveEdge(2000);
  edge.observe(100_000, 50_000);
  edge.observe(100_000, 52_000);
  assert.equal(edge.isStanding(56_500), false);
  assert.equal(edge.isStanding(57_500), true);
  assert.equal(edge.silence(60_000), 10_000);
  assert.equal(edge.at(60_000), 100_000);
});
