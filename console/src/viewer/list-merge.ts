/** Merges a page that was polled into the clips that a viewer already sees. */

import type { Clip } from './part.ts';

/** What a polled page means for a list. */
export interface Merged {
  /** The list with edited clips replaced and removed ones taken out. */
  readonly clips: readonly Clip[];
  /** Clips of the page that the list lacks, in the order of the page. */
  readonly fresh: readonly Clip[];
  /** The page has only new clips and is not the last page: there may be more between. */
  readonly hasGap: boolean;
}

/**
 * Merges a page that was requested like the part of the list from `first` on, and that has a
 * following page if `hasNext`. A clip of the list that the page should have, and has not, has been
 * deleted or taken off.
 */
export function mergePage(
  clips: readonly Clip[],
  page: readonly Clip[],
  { hasNext, first = 0 }: { hasNext: boolean; first?: number },
): Merged {
  const polled = new Map(page.map((clip) => [clip.clip, clip]));
  const known = new Set(clips.map(({ clip }) => clip));
  const fresh = page.filter(({ clip }) => !known.has(clip));
  const hasGap = hasNext && page.length > 0 && fresh.length === page.length && clips.length > 0;
  if (hasGap) return { clips, fresh, hasGap };
  // The page reaches to its last clip that the list has too; without a next page, to the end.
  const reach = hasNext ? clips.findLastIndex(({ clip }) => polled.has(clip)) : clips.length - 1;
  const kept = clips.flatMap((clip, at) => {
    const newer = polled.get(clip.clip);
    if (newer) return [isNewer(newer, clip) ? newer : clip];
    return at >= first && at <= reach ? [] : [clip];
  });
  const isSame = kept.length === clips.length && kept.every((clip, at) => clip === clips[at]);
  return { clips: isSame ? clips : kept, fresh, hasGap };
}

/** Puts new clips into a list where their order wants them. */
export function insertClips(
  clips: readonly Clip[],
  fresh: readonly Clip[],
  order: 'newest' | 'oldest',
): Clip[] {
  const known = new Set(clips.map(({ clip }) => clip));
  const all = [...clips, ...fresh.filter(({ clip }) => !known.has(clip))];
  // Ids begin with the start of the clip, so they sort like the list of the API.
  const sign = order === 'newest' ? -1 : 1;
  return all.sort((a, b) => (a.clip < b.clip ? -sign : a.clip > b.clip ? sign : 0));
}

function isNewer(a: Clip, b: Clip): boolean {
  return Date.parse(a.updatedAt) > Date.parse(b.updatedAt);
}
