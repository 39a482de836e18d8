/** Tests of whether a retry is offered. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureTextOf, reasonOf, remedyOf } from './announcer.svelte.ts';
import type { Clip } from './clip.ts';
import { canRetry } from './retry.ts';

const failed = (code: string, fields: Partial<Clip> = {}) =>
  ({
    status: 'failed',
    source: 'live',
    attempt: 1,
    ...fields,
    failure: { code, message: `${code}.` },
  }) as Clip;

test('a retry is offered if the same step may succeed, or can be repaired', () => {
  assert.ok(canRetry(failed('harvest-failed')));
  assert.ok(canRetry(failed('asset-refused')));
  assert.ok(canRetry(failed('of-a-newer-service')));
  assert.equal(canRetry(failed('harvest-failed', { attempt: 5 })), false);
  assert.equal(canRetry(failed('harvest-failed', { status: 'ready' } as Partial<Clip>)), false);
});

test('no retry is offered where it fails again with the same reason', () => {
  for (const code of ['window-expired', 'not-aired']) assert.equal(canRetry(failed(code)), false);
  assert.equal(canRetry(failed('no-video', { source: 'upload' })), false);
  assert.equal(canRetry(failed('transcode-refused', { source: 'reel' })), false);
  assert.ok(canRetry(failed('transcode-refused', { source: 'upload' })), 'a role can be repaired');
});

test('where no retry helps, the operator reads the remedy', () => {
  assert.match(remedyOf(failed('window-expired')), /cut/i);
  assert.match(remedyOf(failed('transcode-refused', { source: 'reel' })), /reel/);
  assert.match(remedyOf(failed('transcode-refused', { source: 'upload' })), /engineer/);
  assert.match(remedyOf(failed('harvest-failed', { attempt: 5 })), /five times/);
  assert.equal(remedyOf(failed('harvest-failed')), '');
  const bare = failed('asset-refused');
  assert.match(
    failureTextOf({ ...bare, failure: { code: 'asset-refused', message: 'no role' } }),
    /^no role\. An/,
  );
  assert.equal(reasonOf(failed('transcode-refused')), 'transcode-refused.');
});
