/** Tests of reading HLS playlists. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lowestRendition, segmentAt } from './playlist.ts';

const base = 'https://clips.example.com/vod/a/index.m3u8';

test('the rendition with the lowest bit rate is found', () => {
  const text = `#EXTM3U
#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=3000000,RESOLUTION=1280x720
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360
low.m3u8?m=1
`;
  assert.equal(lowestRendition(text, base), 'https://clips.example.com/vod/a/low.m3u8?m=1');
  assert.equal(lowestRendition('#EXTM3U\n', base), undefined);
});

const playlist = `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXTINF:4.000000,
s0.ts
#EXTINF:4.000000,
s1.ts
#EXTINF:2.500000,
s2.ts
#EXT-X-ENDLIST
`;

test('the segment of a moment is found', () => {
  const check = (moment: number, name: string) =>
    assert.equal(segmentAt(playlist, base, moment)?.url, `https://clips.example.com/vod/a/${name}`);
  check(0, 's0.ts');
  check(3.9, 's0.ts');
  check(4, 's1.ts');
  check(9, 's2.ts');
  check(99, 's2.ts');
  assert.equal(segmentAt('#EXTM3U\n', base, 0), undefined);
});

test('a segment has its initialization section', () => {
  const text = playlist.replace('#EXTINF', '#EXT-X-MAP:URI="init.mp4"\n#EXTINF');
  assert.equal(segmentAt(text, base, 5)?.init, 'https://clips.example.com/vod/a/init.mp4');
});

test('encrypted segments and byte ranges have no picture', () => {
  const encrypted = `#EXT-X-KEY:METHOD=AES-128,URI="key"\n${playlist}`;
  assert.equal(segmentAt(encrypted, base, 0), undefined);
  assert.equal(segmentAt(`#EXT-X-BYTERANGE:9@0\n${playlist}`, base, 0), undefined);
  assert.ok(segmentAt(`#EXT-X-KEY:METHOD=NONE\n${playlist}`, base, 0));
});
