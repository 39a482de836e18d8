/** Checks the patches that limit how long an MP4 file plays. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitDuration } from './mp4-duration.ts';

function box(name: string, ...parts: (number[] | Uint8Array)[]): Uint8Array {
  const body = parts.flatMap((part) => [...part]);
  const size = 8 + body.length;
  return Uint8Array.from([...u32(size), ...[...name].map((it) => it.charCodeAt(0)), ...body]);
}
const u32 = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
const u64 = (value: number) => [...u32(Math.floor(value / 2 ** 32)), ...u32(value)];

/** A description with one track: 1000 ticks a second, and times of 32 or 64 bits. */
function moovOf(duration: number, edits: [number, number][], isLong: boolean): Uint8Array {
  const time = isLong ? u64 : u32;
  const version = [isLong ? 1 : 0, 0, 0, 0];
  const dates = [...time(7), ...time(7)];
  const list = edits.flatMap(([length, start]) => [...time(length), ...time(start), 0, 1, 0, 0]);
  return box(
    'moov',
    box('mvhd', version, dates, u32(1000), time(duration), [9, 9]),
    box(
      'trak',
      box('tkhd', version, dates, u32(1), u32(0), time(duration), [9, 9]),
      box('edts', box('elst', version, u32(edits.length), list)),
      box('mdia', [1, 2, 3]),
    ),
  );
}

for (const isLong of [false, true]) {
  test(`durations of ${isLong ? 64 : 32} bits are lowered, and nothing else`, () => {
    const before = moovOf(
      6240,
      [
        [40, 2 ** 31 - 1],
        [6200, 80],
      ],
      isLong,
    );
    const patched = new Uint8Array(before);
    for (const { position, bytes } of limitDuration(before, 5000, 6.12))
      patched.set(bytes, position - 5000);
    assert.deepEqual(
      patched,
      moovOf(
        6120,
        [
          [40, 2 ** 31 - 1],
          [6120, 80],
        ],
        isLong,
      ),
    );
  });
}

test('a file that is short enough is not changed', () => {
  assert.deepEqual(limitDuration(moovOf(6000, [[6000, 0]], false), 0, 6.12), []);
});
