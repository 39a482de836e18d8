/** Tests of the filmstrip: which pictures are wanted, read, kept and forgotten. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tilesOf, wantedOf } from './paint.ts';
import { Strip, type StripWorker } from './strip.ts';
import type { StripAnswer, StripQuestion } from './strip.worker.ts';

const segments = [...Array(60).keys()].map((index) => ({
  start: index * 2000,
  duration: 2000,
  url: `${index}.ts`,
  isEncrypted: index === 30,
}));
const size = { width: 1070, pictures: 60, waveform: 26 };

/** A worker that answers when the test says so. */
class TestWorker implements StripWorker {
  onmessage: StripWorker['onmessage'] = null;
  readonly asked: StripQuestion[] = [];
  postMessage(question: StripQuestion) {
    this.asked.push(question);
  }
  terminate() {}
  answer(id: number, answer: Partial<StripAnswer> = {}) {
    this.onmessage?.({ data: { id, ...answer } } as MessageEvent<StripAnswer>);
  }
}

const want = (name: string) => ({ kind: 'picture' as const, url: name, after: 0 });

test('tiles stay with their moment when the timeline is panned', () => {
  const one = tilesOf(segments, { start: 20_000, end: 50_000 }, size, 25);
  const other = tilesOf(segments, { start: 23_000, end: 53_000 }, size, 25);
  const shared = one.filter((tile) => other.some((it) => it.url === tile.url));
  assert.ok(shared.length >= 8, `${shared.length} of ${one.length}`);
});

test('close up, tiles are frames inside of a segment', () => {
  const tiles = tilesOf(segments, { start: 20_000, end: 25_000 }, size, 25);
  assert.equal(tiles.length, 10);
  assert.ok(
    tiles.some((it) => it.after > 0 && Math.abs(it.after * 25 - Math.round(it.after * 25)) < 1e-9),
  );
});

test('encrypted segments have no pictures and no levels', () => {
  const stretch = { start: 55_000, end: 75_000 };
  const wanted = wantedOf(tilesOf(segments, stretch, size, 25), segments, stretch);
  assert.equal(
    wanted.some((it) => it.url === '30.ts'),
    false,
  );
  assert.equal(
    wanted.some((it) => it.kind === 'levels'),
    true,
  );
});

test('a long span has no waveform', () => {
  const stretch = { start: 0, end: 600_000 };
  assert.equal(wantedOf([], segments, stretch).length, 0);
});

test('two pictures are read at once, and what is no longer wanted is canceled', () => {
  const worker = new TestWorker();
  const strip = new Strip(() => worker);
  strip.want(['a', 'b', 'c'].map(want));
  assert.deepEqual(
    worker.asked.map((it) => ('url' in it ? it.url : it.kind)),
    ['a', 'b'],
  );
  strip.want(['b', 'd'].map(want));
  assert.deepEqual(worker.asked.at(-1), { id: 1, kind: 'cancel' });
  worker.answer(1);
  assert.deepEqual(
    worker.asked.map((it) => ('url' in it ? it.url : it.kind)),
    ['a', 'b', 'cancel', 'd'],
  );
});

test('pictures are kept, and the oldest are closed', () => {
  const worker = new TestWorker();
  const strip = new Strip(() => worker);
  const closed: string[] = [];
  const names = [...Array(700).keys()].map(String);
  for (const [index, name] of names.entries()) {
    strip.want([want(name)]);
    const picture = { close: () => closed.push(name) } as unknown as ImageBitmap;
    worker.answer(index + 1, { picture });
  }
  assert.deepEqual(closed, names.slice(0, 100));
  strip.want([want('699')]);
  assert.equal(worker.asked.length, 700, 'a kept picture is not read again');
});
