/** Finds the clips to watch after a clip: those before it in time, then the newest. */

import { type Clip, startOf } from './part.ts';
import type { ListQuery, requestPage } from './requests.ts';
import type { ClipName } from './watched-clip.svelte.ts';

/** The clips that are offered. */
const COUNT = 8;

/** The following clips of the competition, newest first. `clip` is absent if it does not exist. */
export async function findMoreClips(
  { competition, clip: id }: ClipName,
  clip: Clip | undefined,
  request: typeof requestPage,
): Promise<Clip[]> {
  // Times of lists are whole seconds, so the clip itself can be among those before it.
  const others = new Map<string, Clip>();
  const add = async (query: ListQuery) => {
    const { data } = await request(competition, query);
    for (const it of data?.clips ?? []) if (it.clip !== id) others.set(it.clip, it);
  };
  if (clip) await add({ limit: COUNT + 1, to: new Date(startOf(clip)).toISOString() });
  if (others.size < COUNT) await add({ limit: COUNT + 1 });
  return [...others.values()].slice(0, COUNT);
}
