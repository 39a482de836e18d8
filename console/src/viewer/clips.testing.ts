/** Clips for tests. */

import type { Clip } from './part.ts';

/** A ready clip that starts at a second of the minute 13:30. */
export function clipAt(second: number, changes: Partial<Clip> = {}): Clip {
  const two = (value: number) => String(value).padStart(2, '0');
  const id = `202002031330${two(second)}_202002031331${two(second)}_aaaaaa`;
  const start = `2020-02-03T13:30:${two(second)}Z`;
  const end = `2020-02-03T13:31:${two(second)}Z`;
  return {
    competition: 'demo',
    clip: id,
    status: 'ready',
    active: true,
    listed: true,
    attempt: 1,
    source: 'live',
    channel: 'main',
    requested: { start, end },
    actual: { start, end, durationSeconds: 60 },
    manifest: `https://clips.example.com/${id}/index.m3u8`,
    manifests: { hls: `https://clips.example.com/${id}/index.m3u8` },
    meta: { id, title: `Clip ${second}`, description: '', tags: [] },
    createdAt: end,
    updatedAt: end,
    readyAt: end,
    ...changes,
  } as Clip;
}
