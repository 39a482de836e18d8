/** Tests of grabbing pictures for visible cards. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipAt } from './clips.testing.ts';
import { Pictures } from './pictures.svelte.ts';

const settle = () => new Promise(setImmediate);

/** Pictures that are grabbed when the test says so. */
function slowly(mayGrab = () => true) {
  const started: string[] = [];
  const aborted: string[] = [];
  const finish = new Map<string, (blob?: Blob) => void>();
  const pictures = new Pictures((clip, signal) => {
    started.push(clip.meta.title);
    return new Promise((resolve, reject) => {
      finish.set(clip.meta.title, resolve);
      signal.addEventListener('abort', () => {
        aborted.push(clip.meta.title);
        reject(new DOMException('', 'AbortError'));
      });
    });
  }, mayGrab);
  return { pictures, started, aborted, finish };
}

test('two pictures are grabbed at once, and each once', async () => {
  const { pictures, started, finish } = slowly();
  for (const second of [1, 2, 3]) pictures.want(clipAt(second));
  assert.deepEqual(started, ['Clip 1', 'Clip 2']);
  finish.get('Clip 1')?.(new Blob());
  await settle();
  assert.match(pictures.of(clipAt(1)) ?? '', /^blob:/);
  assert.deepEqual(started, ['Clip 1', 'Clip 2', 'Clip 3']);
  pictures.want(clipAt(1));
  await settle();
  assert.equal(started.length, 3);
});

test('a card that leaves the screen gives its turn to others', async () => {
  const { pictures, started, aborted } = slowly();
  for (const second of [1, 2, 3, 4]) pictures.want(clipAt(second));
  pictures.unwant(clipAt(3));
  pictures.unwant(clipAt(1));
  await settle();
  assert.deepEqual(aborted, ['Clip 1']);
  assert.deepEqual(started, ['Clip 1', 'Clip 2', 'Clip 4']);
  pictures.unwant(clipAt(2));
  await settle();
  pictures.want(clipAt(1));
  assert.deepEqual(started.at(-1), 'Clip 1');
});

test('a clip without a readable picture is not tried again', async () => {
  const { pictures, started, finish } = slowly();
  pictures.want(clipAt(1));
  finish.get('Clip 1')?.();
  await settle();
  pictures.want(clipAt(1));
  assert.equal(pictures.of(clipAt(1)), undefined);
  assert.equal(started.length, 1);
});

test('thumbnails of the service are used, and nothing is grabbed if bytes are dear', () => {
  const { pictures, started } = slowly(() => false);
  const clip = clipAt(1, { thumbnails: ['https://clips.example.com/a.jpg'] });
  assert.equal(pictures.of(clip), 'https://clips.example.com/a.jpg');
  pictures.want(clipAt(2));
  assert.deepEqual(started, []);
  const poster = 'https://clips.example.com/poster.jpg';
  assert.equal(pictures.of({ ...clip, poster }), poster);
});
