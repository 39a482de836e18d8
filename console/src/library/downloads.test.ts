/** Checks the downloads of a page: progress, failures and cancellation. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from '../clip/clip.ts';
import { DownloadError } from './download.ts';
import { Downloads } from './downloads.svelte.ts';

const CLIP = { clip: 'a' } as Clip;
const READY = Promise.resolve();

test('a download is shown while the file is made', async () => {
  const shares: (number | undefined)[] = [];
  const downloads = new Downloads(async (_clip, onProgress) => {
    onProgress(0.5);
    shares.push(downloads.find('a')?.share);
    assert.ok(downloads.isActive);
  });
  await downloads.start(CLIP, READY);
  assert.deepEqual(shares, [0.5]);
  assert.equal(downloads.find('a'), undefined);
  assert.ok(!downloads.isActive);
});

test('a failure is kept until the next try', async (context) => {
  context.mock.method(console, 'warn', () => {});
  const failures: (Error | undefined)[] = [new DownloadError('protected'), undefined];
  const downloads = new Downloads(async () => {
    const failure = failures.shift();
    if (failure) throw failure;
  });
  await downloads.start(CLIP, READY);
  assert.equal(downloads.find('a')?.problem, 'protected');
  assert.ok(!downloads.isActive);
  await downloads.start(CLIP, READY);
  assert.equal(downloads.find('a'), undefined);
});

test('cookies that are refused are a failure', async (context) => {
  context.mock.method(console, 'warn', () => {});
  const downloads = new Downloads(() => assert.fail('there are no cookies'));
  await downloads.start(CLIP, Promise.reject(new Error('refused')));
  assert.equal(downloads.find('a')?.problem, 'unreachable');
});

test('a canceled download ends, and shows nothing more', async () => {
  let report: (share: number) => void = () => {};
  const downloads = new Downloads((_clip, onProgress, signal) => {
    report = onProgress;
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    );
  });
  const made = downloads.start(CLIP, READY);
  await READY;
  downloads.cancel('a');
  await made;
  report(0.9);
  assert.equal(downloads.find('a'), undefined);
});

test('closing the question for a place is no failure', async () => {
  const downloads = new Downloads(() => Promise.reject(new DOMException('', 'AbortError')));
  await downloads.start(CLIP, READY);
  assert.equal(downloads.find('a'), undefined);
});
