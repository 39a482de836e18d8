/** Tests of the index of segments: what is read, how often, and what is kept. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SegmentIndex } from './segment-index.ts';

const HOUR = 3_600_000;
const EDGE = Date.UTC(2020, 1, 3, 13, 40);
const holding = { oldest: EDGE - 5 * HOUR, edge: EDGE, startoverMs: 24 * HOUR };

/** An origin whose stream was off air from 10:00 to 10:10. */
function origin() {
  const asked: string[] = [];
  async function read(url: string): Promise<string | undefined> {
    asked.push(url);
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith('index.m3u8')) {
      return `#EXT-X-STREAM-INF:BANDWIDTH=1\nsmall.m3u8?${searchParams}`;
    }
    const [start, end] = ['start', 'end'].map((it) => Number(searchParams.get(it) ?? 0) * 1000);
    let text = '#EXTM3U\n';
    for (let at = start ?? 0; at < (end || EDGE); at += 2000) {
      const minutes = (at % HOUR) / 60_000 + new Date(at).getUTCHours() * 60;
      if (minutes >= 600 && minutes < 610) continue;
      text += `#EXT-X-PROGRAM-DATE-TIME:${new Date(at).toISOString()}\n#EXTINF:2,\n${at}.ts\n`;
    }
    return text;
  }
  return { asked, index: new SegmentIndex('https://cdn.example/index.m3u8', () => holding, read) };
}

test('a page is read once, however often it is needed', async () => {
  const { asked, index } = origin();
  const stretch = { start: EDGE - 4 * HOUR, end: EDGE - 4 * HOUR + 60_000 };
  await Promise.all([index.ensure(stretch), index.ensure(stretch)]);
  await index.ensure(stretch);
  const pages = asked.filter((it) => it.includes('end='));
  assert.equal(pages.length, 2, 'the multivariant manifest and the smallest rendition');
  assert.equal(index.segments(stretch).length, 30);
  assert.equal(index.stored(stretch)[0]?.url, `https://cdn.example/${stretch.start}.ts`);
});

test('times off air are known for every page that was read', async () => {
  const { index } = origin();
  await index.ensure({ start: EDGE - 5 * HOUR, end: EDGE });
  const gap = { start: Date.UTC(2020, 1, 3, 10), end: Date.UTC(2020, 1, 3, 10, 10) };
  assert.deepEqual(index.offAir, [gap]);
});

test('the newest segments come from the player, without a request', async () => {
  const { asked, index } = origin();
  await index.ensure({ start: EDGE - 60_000, end: EDGE });
  const before = asked.length;
  index.observe([
    { start: EDGE - 2000, duration: 2000 },
    { start: EDGE, duration: 2000 },
  ]);
  const newest = index.segments({ start: EDGE - 4000, end: EDGE + 10_000 });
  assert.deepEqual(
    newest.map((it) => it.start - EDGE),
    [-4000, -2000, 0],
  );
  assert.equal(asked.length, before);
});
