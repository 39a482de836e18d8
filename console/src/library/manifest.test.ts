/** Checks what a download reads from manifests. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRendition, parsePlaylist, parseRenditions } from './manifest.ts';

const MULTIVARIANT = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de, original",DEFAULT=NO,URI="audio_de.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="audio_en.m3u8"
#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=9,BANDWIDTH=900000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360
low.m3u8?m=1
#EXT-X-STREAM-INF:BANDWIDTH=4000000,RESOLUTION=1280x720,AUDIO="a"\r
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720
middle.m3u8
`;

test('renditions are sorted by their height, then by their bandwidth', () => {
  assert.deepEqual(parseRenditions(MULTIVARIANT, 'https://example.com/v/index.m3u8'), [
    {
      url: 'https://example.com/v/high.m3u8',
      bandwidth: 4_000_000,
      height: 720,
      audioUrl: 'https://example.com/v/audio_en.m3u8',
    },
    {
      url: 'https://example.com/v/middle.m3u8',
      bandwidth: 2_000_000,
      height: 720,
      audioUrl: undefined,
    },
    {
      url: 'https://example.com/v/low.m3u8?m=1',
      bandwidth: 900_000,
      height: 360,
      audioUrl: undefined,
    },
  ]);
});

test('the best rendition within a height is chosen', () => {
  const renditions = parseRenditions(MULTIVARIANT, 'https://example.com/v/index.m3u8');
  const choose = (maxHeight?: number) => chooseRendition(renditions, maxHeight)?.bandwidth;
  assert.equal(choose(), 4_000_000);
  assert.equal(choose(1080), 4_000_000);
  assert.equal(choose(540), 900_000);
  assert.equal(choose(240), 900_000);
  assert.equal(chooseRendition([], 720), undefined);
});

test('segments have a date and a position, also behind a time off air', () => {
  const playlist = parsePlaylist(`#EXTM3U
#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:58Z
#EXTINF:4.0,
a.ts
#EXTINF:2.0,
b.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:32:00.500Z
#EXTINF:4.0,
c.ts
#EXT-X-ENDLIST`);
  const start = Date.UTC(2020, 1, 3, 13, 30, 58);
  assert.deepEqual(playlist.segments, [
    { at: 0, duration: 4, date: start },
    { at: 4, duration: 2, date: start + 4000 },
    { at: 6, duration: 4, date: start + 62_500 },
  ]);
  assert.ok(playlist.isComplete);
  assert.ok(!playlist.isProtected);
});

test('a playlist without an end is not complete', () => {
  assert.ok(!parsePlaylist('#EXTM3U\n#EXTINF:4,\na.ts\n').isComplete);
});

test('only sample encryption needs a license', () => {
  const keyed = (method: string) => parsePlaylist(`#EXT-X-KEY:METHOD=${method},URI="skd://key"\n`);
  assert.ok(keyed('SAMPLE-AES').isProtected);
  assert.ok(keyed('SAMPLE-AES-CTR').isProtected);
  assert.ok(!keyed('AES-128').isProtected);
  assert.ok(parsePlaylist('#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://k"\n').isProtected);
});
