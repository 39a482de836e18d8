/** Tests of reading HLS manifests. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentsOf, smallestRendition } from './playlist.ts';

const BASE = 'https://cdn.example/out/index.m3u8?start=1';
const AT = Date.UTC(2020, 1, 3, 13, 30);

test('the smallest rendition is the one with the lowest bandwidth', () => {
  const text = [
    '#EXTM3U',
    '#EXT-X-STREAM-INF:BANDWIDTH=3842720,AVERAGE-BANDWIDTH=10,RESOLUTION=1280x720',
    'index_1.m3u8?start=1',
    '#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=9000000,BANDWIDTH=1051296,RESOLUTION=640x360',
    '',
    'index_3.m3u8?start=1',
  ].join('\r\n');
  assert.equal(smallestRendition(text, BASE), 'https://cdn.example/out/index_3.m3u8?start=1');
  assert.equal(smallestRendition('#EXTM3U\n', BASE), undefined);
});

test('segments without a tag follow the one before', () => {
  const text = `#EXTM3U
#EXTINF:2,
lost.ts
#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:00.000Z
#EXTINF:2.000,
a.ts
#EXTINF:1.96,
b.ts
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://key"
#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:40:00.000Z
#EXTINF:2,
c.ts`;
  assert.deepEqual(
    segmentsOf(text, BASE).map((it) => [
      it.start - AT,
      it.duration,
      it.url.slice(-4),
      it.isEncrypted,
    ]),
    [
      [0, 2000, 'a.ts', false],
      [2000, 1960, 'b.ts', false],
      [600_000, 2000, 'c.ts', true],
    ],
  );
});
