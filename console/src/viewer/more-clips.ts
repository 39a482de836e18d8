/** Finds the clips to watch after a clip: those before it in time, then the newest. */

import { type Clip, startOf } from './part.ts';
import type { requestPage } from './requests.ts';
import type { ClipName } from './watched-clip.svelte.ts';

/** The clips that are offered. */
const COUNT = 8;

/** The following clips of the competition, newest first. `clip` is absent if it does not exist. */
export async function findMoreClips(
  { competition, clip: id }: ClipName,
  clip: Clip | undefined,
  request: typeof requestPage,
): Promise<Clip[]> {
  const before = clip && new Date(startOf(clip)).toISOString();
  const older = before ? await request(competition, { limit: COUNT, to: before }) : undefined;
  const found = older?.data?.clips ?? [];
  if (found.length >= COUNT) return found;
  const newest = await request(competition, { limit: COUNT + 1 });
  const known = new Set([id, ...found.map((it) => it.clip)]);
  const others = (newest.data?.clips ?? []).filter((it) => !known.has(it.clip));
  return [...found, ...others].slice(0, COUNT);
}
