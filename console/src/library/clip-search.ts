/** Finds ready clips by time and tag, however long ago they were changed. */

import { type Api, answer } from '../api/client.ts';
import type { Clip } from '../clip/clip.ts';
import type { LibraryFilters } from './library-filters.ts';

/** Most clips of one reply. */
const PAGE = 100;

/** What the service can search by. */
export type SearchTerms = Pick<LibraryFilters, 'tag' | 'from' | 'to'>;

/**
 * A walk through the viewers' list, which is sorted by start. The changes of operators are sorted by
 * change: an old clip can be many pages down there, and one request away here.
 */
export class ClipSearch {
  #cursor: string | undefined;
  #isDone = false;

  constructor(
    private readonly api: Api,
    private readonly competition: string,
    private readonly terms: SearchTerms,
  ) {}

  /** Whether every page has been read. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Reads the next page. Throws `RequestFailed`. */
  async next(signal: AbortSignal): Promise<readonly Clip[]> {
    const { tag, from, to } = this.terms;
    const query = {
      limit: PAGE,
      ...(tag && { tag }),
      ...(from !== undefined && { from: new Date(from).toISOString() }),
      ...(to !== undefined && { to: new Date(to).toISOString() }),
      ...(this.#cursor && { cursor: this.#cursor }),
    };
    const params = { path: { competitionId: this.competition }, query };
    const { data } = await answer(
      this.api.GET('/api/competitions/{competitionId}/clips', { params, signal }),
    );
    this.#cursor = data.next;
    this.#isDone = data.next === undefined;
    return data.clips;
  }
}

/** Whether the service can find something by these filters: it lists ready clips only. */
export function canSearch({ tag, from, to, state, operator }: LibraryFilters): boolean {
  const hasTerms = tag !== '' || from !== undefined || to !== undefined;
  return hasTerms && !operator && (state === 'all' || state === 'ready');
}
