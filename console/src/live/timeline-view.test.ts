/** Tests of the part of time that the timeline shows, and of its ruler. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSpeed } from './shuttle.ts';
import { ticksOf } from './ticks.ts';
import { TimelineView } from './timeline-view.svelte.ts';

test('the timeline stands while the picture plays, and turns at its end', () => {
  const view = new TimelineView();
  view.follow(1_000_000, true);
  const { from } = view;
  view.follow(1_030_000, true);
  assert.equal(view.from, from);
  view.follow(view.dateAt(0.95), true);
  assert.ok(view.from > from);
});

test('a timeline that was panned away waits for the picture', () => {
  const view = new TimelineView();
  view.follow(1_000_000, true);
  view.pan(-500_000);
  const { from } = view;
  view.follow(1_000_100, true);
  assert.equal(view.from, from);
});

test('zooming keeps the date under the pointer', () => {
  const view = new TimelineView();
  view.follow(1_000_000, true);
  const anchor = view.dateAt(0.25);
  view.zoom(-1, anchor);
  assert.equal(view.span, 60_000);
  assert.ok(Math.abs(view.shareOf(anchor) - 0.25) < 1e-9);
});

test('the ruler has whole steps, and no more labels than fit', () => {
  const ticks = ticksOf(1_000, 121_000, 8);
  assert.deepEqual(ticks.slice(0, 2), [15_000, 30_000]);
  assert.ok(ticks.length <= 8);
});

test('J and L go through the speeds, and against the direction to normal speed', () => {
  assert.equal(nextSpeed(0, 1, false), 1);
  assert.equal(nextSpeed(1, 1, false), 2);
  assert.equal(nextSpeed(8, 1, false), 8);
  assert.equal(nextSpeed(4, -1, false), -1);
  assert.equal(nextSpeed(-1, -1, false), -2);
  assert.equal(nextSpeed(1, 1, true), 0.25);
});
