/** The clips of the library screen: those of the clips store, and those that a search has found. */

import type { Api } from '../api/client.ts';
import type { Clip } from '../clip/clip.ts';
import type { Row } from '../clip/row-state.ts';
import { ClipSearch, canSearch } from './clip-search.ts';
import {
  isInLibrary,
  type LibraryFilters,
  type LibraryOrder,
  NO_LIBRARY_FILTERS,
  sortRows,
} from './library-filters.ts';

/** How many more rows are drawn when the end of the list comes into view. */
const DRAWN_STEP = 100;
/** After this many pages without another match, the operator decides whether to go on. */
const MAX_FRUITLESS_PAGES = 10;

/** The part of the clips store that the library reads. */
export interface ClipsSource {
  readonly rows: readonly Row[];
  readonly trash: readonly Row[];
  readonly competition: string | undefined;
  readonly hasOlder: boolean;
  readonly isLoaded: boolean;
  loadOlder(): Promise<void>;
}

export class LibraryList {
  #filters = $state.raw<LibraryFilters>(NO_LIBRARY_FILTERS);
  order = $state<LibraryOrder>('newest');
  /** The keys of the rows that are chosen for an action on all of them. */
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  isLoading = $state(false);
  /** Whether the last request failed. */
  hasFailed = $state(false);
  /** Whether nothing more is read until the operator asks for it. */
  isPaused = $state(false);
  #drawn = $state(DRAWN_STEP);
  #found = $state.raw<ReadonlyMap<string, Clip>>(new Map());
  #search: ClipSearch | undefined;
  #aborter = new AbortController();
  #searched = '';
  #fruitless = 0;

  constructor(
    private readonly clips: ClipsSource,
    private readonly api: Api,
  ) {}

  /** Every row that matches, in order. */
  readonly rows: readonly Row[] = $derived.by(() => {
    if (this.#filters.state === 'deleted') {
      const deleted = this.clips.trash.filter((row) => isInLibrary(row, this.#filters));
      return sortRows(deleted, this.order);
    }
    const known = new Set(this.clips.rows.map((row) => row.clip?.clip));
    const found = [...this.#found.values()]
      .filter((clip) => clip.competition === this.clips.competition && !known.has(clip.clip))
      .map((clip): Row => ({ key: clip.clip, clip }));
    const all = [...this.clips.rows, ...found].filter((row) => isInLibrary(row, this.#filters));
    return sortRows(all, this.order);
  });

  /** The rows that are drawn. */
  readonly shown: readonly Row[] = $derived(this.rows.slice(0, this.#drawn));

  /** The chosen rows that are still shown by the filters. */
  readonly chosenRows: readonly Row[] = $derived(
    this.rows.filter((row) => this.chosen.has(row.key)),
  );

  /** How many clips have been read, with or without a match. */
  readonly readCount: number = $derived.by(() => {
    const known = new Set(this.clips.rows.map((row) => row.clip?.clip));
    const found = [...this.#found.keys()].filter((clip) => !known.has(clip));
    return this.clips.rows.length + found.length;
  });

  /** Whether `more` may show another row. */
  get hasMore(): boolean {
    return this.#drawn < this.rows.length || this.clips.hasOlder || this.#canSearchOn;
  }

  get filters(): LibraryFilters {
    return this.#filters;
  }

  set filters(filters: LibraryFilters) {
    this.#filters = filters;
    this.#drawn = DRAWN_STEP;
    this.#fruitless = 0;
    this.isPaused = false;
    this.hasFailed = false;
  }

  /** Chooses a row, or not any more. */
  choose(key: string, isChosen: boolean): void {
    const next = new Set(this.chosen);
    if (isChosen) next.add(key);
    else next.delete(key);
    this.chosen = next;
  }

  chooseAll(isChosen: boolean): void {
    this.chosen = new Set(isChosen ? this.rows.map((row) => row.key) : []);
  }

  /** Draws more rows. If all are drawn, reads more clips: by a search if it is faster. */
  async more(): Promise<void> {
    if (this.#drawn < this.rows.length) {
      this.#drawn += DRAWN_STEP;
      return;
    }
    if (this.isLoading || !this.clips.isLoaded) return;
    this.isLoading = true;
    this.hasFailed = false;
    const before = this.rows.length;
    try {
      this.#renewSearch();
      if (this.#canSearchOn) await this.#searchOn();
      else if (this.clips.hasOlder) await this.clips.loadOlder();
    } catch {
      this.hasFailed = !this.#aborter.signal.aborted;
    } finally {
      this.isLoading = false;
    }
    this.#fruitless = this.rows.length > before ? 0 : this.#fruitless + 1;
    this.isPaused = this.hasFailed || this.#fruitless >= MAX_FRUITLESS_PAGES;
    if (this.rows.length > before) this.#drawn += DRAWN_STEP;
  }

  /** Reads on after a pause. */
  resume(): Promise<void> {
    this.#fruitless = 0;
    this.isPaused = false;
    return this.more();
  }

  stop(): void {
    this.#aborter.abort();
  }

  get #canSearchOn(): boolean {
    return canSearch(this.#filters) && (this.#searched !== this.#terms || !this.#search?.isDone);
  }

  /** What identifies a search. */
  get #terms(): string {
    const { tag, from, to } = this.#filters;
    return JSON.stringify([this.clips.competition, tag, from, to]);
  }

  #renewSearch(): void {
    if (this.#searched === this.#terms) return;
    this.#searched = this.#terms;
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.#found = new Map();
    this.#search = new ClipSearch(this.api, this.clips.competition ?? '', this.#filters);
  }

  async #searchOn(): Promise<void> {
    const { signal } = this.#aborter;
    const clips = await this.#search?.next(signal);
    if (signal.aborted || !clips) return;
    this.#found = new Map([...this.#found, ...clips.map((it) => [it.clip, it] as const)]);
  }
}
