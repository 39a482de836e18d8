/** Checks the frames of MP4 files that are made of HLS segments. The frames have their number drawn in. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parsePlaylist } from './manifest.ts';
import { limitDuration, type Patch } from './mp4-duration.ts';
import { type DatePart, loadMediabunny, remux } from './remux.ts';

const START = Date.UTC(2020, 1, 3, 13, 30, 58);
const ALWAYS = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'matchcut-remux-'));
let server: Server;
let origin: string;

before(async () => {
  server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, new URL(request.url ?? '', 'http://x').pathname)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Makes an HLS rendition of 8 s. Each frame shows its number as 16 bars, the lowest bit first. */
function encode(name: string, rate: string, ...options: string[]): void {
  const bars = "geq=lum='if(mod(floor(N/pow(2,floor(X/4))),2),235,16)':cb=128:cr=128";
  const picture = `nullsrc=s=64x36:r=${rate}:d=8,${bars},scale=320:180:flags=neighbor`;
  ffmpeg(
    ...['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=r=48000:d=8'],
    ...['-c:v', 'libx264', '-preset', 'fast', '-qp', '18', '-pix_fmt', 'yuv420p'],
    ...['-force_key_frames', 'expr:gte(t,n_forced*1)', '-sc_threshold', '0'],
    ...['-c:a', 'aac', '-hls_time', '2', '-hls_list_size', '0', ...options],
    ...[
      '-hls_segment_filename',
      join(folder, `${name}_%d.${options.includes('fmp4') ? 'm4s' : 'ts'}`),
    ],
    ...['-hls_fmp4_init_filename', `${name}_init.mp4`, join(folder, `${name}.m3u8`)],
  );
}

function ffmpeg(...options: string[]): Buffer {
  return execFileSync('ffmpeg', ['-v', 'error', '-y', ...options], { maxBuffer: 1e9 });
}

/** Writes the playlist again with a date for each segment. Segment `gapAt` starts a minute later. */
function date(name: string, gapAt?: number): string {
  let at = START;
  let index = 0;
  const lines = readFileSync(join(folder, `${name}.m3u8`), 'utf8').split('\n');
  const dated = lines.flatMap((line) => {
    if (!line.startsWith('#EXTINF:')) return [line];
    const isGap = index++ === gapAt;
    if (isGap) at += 60_000;
    const tag = `#EXT-X-PROGRAM-DATE-TIME:${new Date(at).toISOString()}`;
    at += Number.parseFloat(line.slice(8)) * 1000;
    return isGap ? ['#EXT-X-DISCONTINUITY', tag, line] : [tag, line];
  });
  const file = `${name}-dated.m3u8`;
  writeFileSync(join(folder, file), dated.join('\n'));
  return file;
}

/** Makes an MP4 file of a part. Returns its path. */
async function make(
  playlist: string,
  part: DatePart | undefined,
  fastStart: 'in-memory' | 'reserve' = 'in-memory',
): Promise<string> {
  const bunny = await loadMediabunny();
  const chunks: Patch[] = [];
  const target =
    fastStart === 'in-memory'
      ? new bunny.BufferTarget()
      : new bunny.StreamTarget(
          new WritableStream({
            write: ({ data, position }) => void chunks.push({ bytes: data.slice(), position }),
          }),
        );
  const { segments } = parsePlaylist(readFileSync(join(folder, playlist), 'utf8'));
  let moov: Patch | undefined;
  const seconds = await remux(
    bunny,
    { playlistUrl: `${origin}/${playlist}`, segments, part },
    {
      target,
      fastStart,
      onMoov: (bytes, position) => {
        moov = { bytes: bytes.slice(), position };
      },
    },
    () => {},
    ALWAYS,
  );
  assert.ok(seconds && moov, 'there is no file');
  if (target instanceof bunny.BufferTarget)
    chunks.push({ bytes: new Uint8Array(target.buffer ?? new ArrayBuffer(0)), position: 0 });
  chunks.push(...limitDuration(moov.bytes, moov.position, seconds));
  const size = Math.max(...chunks.map(({ bytes, position }) => position + bytes.length));
  const file = new Uint8Array(size);
  for (const { bytes, position } of chunks) file.set(bytes, position);
  const path = join(folder, `${playlist}-${part?.start}-${part?.end}-${fastStart}.mp4`);
  writeFileSync(path, file);
  const order = ['moov', 'mdat'].map((name) => Buffer.from(file).indexOf(name));
  assert.ok((order[0] ?? 0) < (order[1] ?? 0), 'the description is not at the start of the file');
  return path;
}

/** The numbers of the frames that a player shows. */
function framesOf(path: string): number[] {
  const filter = ['-vf', 'scale=16:1:flags=area', '-pix_fmt', 'gray', '-fps_mode', 'passthrough'];
  const pixels = ffmpeg('-i', path, '-map', '0:v', ...filter, '-f', 'rawvideo', '-');
  return Array.from({ length: pixels.length / 16 }, (_, frame) =>
    pixels
      .subarray(frame * 16, frame * 16 + 16)
      .reduce((sum, level, bit) => sum + (level > 125 ? 2 ** bit : 0), 0),
  );
}

function probe(path: string): { duration: number; codecs: string[] } {
  const shown = ['-show_entries', 'format=duration:stream=codec_name', '-of', 'json', path];
  const { format, streams } = JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', ...shown]).toString(),
  ) as { format: { duration: string }; streams: { codec_name: string }[] };
  return { duration: Number(format.duration), codecs: streams.map((it) => it.codec_name) };
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** The date of a frame, rounded to milliseconds as the API keeps it. */
const frameDate = (frame: number, rate: number) => START + Math.round((frame * 1000) / rate);

for (const [name, rate, fps, options] of [
  ['bframes', '25', 25, ['-bf', '3', '-x264-params', 'b-pyramid=normal']],
  ['ntsc', '30000/1001', 30_000 / 1001, ['-bf', '2']],
  ['fmp4', '25', 25, ['-bf', '3', '-hls_segment_type', 'fmp4']],
] as const) {
  test(`${name}: any part has exactly its frames`, async () => {
    encode(name, rate, ...options);
    const playlist = date(name);
    const last = Math.round(8 * fps) - 1;
    const second = Math.round(fps);
    for (const [from, to] of [
      [0, 33],
      [second, second],
      [37, second * 4 + 2],
      [151, last],
    ] as const) {
      const part = { start: frameDate(from, fps), end: frameDate(to + 1, fps) };
      const path = await make(playlist, part);
      assert.deepEqual(framesOf(path), range(from, to), `frames ${from} to ${to}`);
      const { duration, codecs } = probe(path);
      assert.deepEqual(codecs, ['h264', 'aac']);
      const expected = (to - from + 1) / fps;
      assert.ok(Math.abs(duration - expected) < 0.03, `${duration} s instead of ${expected} s`);
    }
  });
}

test('without a part, and without dates, the file has everything', async () => {
  const path = await make('bframes.m3u8', undefined);
  assert.deepEqual(framesOf(path), range(0, 199));
});

test('a moment within a frame is the frame that is shown then', async () => {
  const part = { start: frameDate(40, 25) + 25, end: frameDate(60, 25) + 5 };
  assert.deepEqual(framesOf(await make(date('bframes'), part)), range(40, 60));
});

test('a time off air is left out', async () => {
  const playlist = date('bframes', 2);
  const part = { start: frameDate(80, 25), end: frameDate(120, 25) + 60_000 };
  const path = await make(playlist, part);
  assert.deepEqual(framesOf(path), range(80, 119));
  assert.ok(probe(path).duration < 1.7, `the file lasts ${probe(path).duration} s`);
});

test('a file that is written in order has its description at the start too', async () => {
  const part = { start: frameDate(37, 25), end: frameDate(101, 25) };
  const path = await make(date('bframes'), part, 'reserve');
  assert.deepEqual(framesOf(path), range(37, 100));
});

test('a download that is canceled ends with the reason', async () => {
  const bunny = await loadMediabunny();
  const { segments } = parsePlaylist(readFileSync(join(folder, 'bframes.m3u8'), 'utf8'));
  const aborter = new AbortController();
  const source = { playlistUrl: `${origin}/bframes.m3u8`, segments };
  const target = { target: new bunny.BufferTarget(), fastStart: 'in-memory', onMoov() {} } as const;
  const stop = () => aborter.abort(new Error('canceled'));
  await assert.rejects(remux(bunny, source, target, stop, aborter.signal), /canceled/);
});
