/** The clips of a competition: complete by scrolling, with new clips announced. */

import { insertClips, mergePage } from './list-merge.ts';
import type { Clip } from './part.ts';
import { type ListQuery, type requestPage, UnusableReply } from './requests.ts';

/** The clips of a page. */
export const PAGE_SIZE = 24;
/** The largest page of the API, for a list that is restored. */
const MAX_PAGE_SIZE = 100;

/** What a list shows. */
export interface ListOptions {
  readonly competition: string;
  readonly order: 'newest' | 'oldest';
  readonly tag?: string | undefined;
}

/** `loading`: no reply yet. `shown`: there are clips, or it is known that there are none. */
export type ListStage = 'loading' | 'shown' | 'invalid';

/** One list. Another order or tag is another list. */
export class ClipList {
  clips = $state.raw<readonly Clip[]>([]);
  /** New clips that are announced and not shown yet. */
  fresh = $state.raw<readonly Clip[]>([]);
  stage = $state<ListStage>('loading');
  /** Whether the last request had no usable reply. */
  isOffline = $state(false);
  /** Whether a following page is being loaded. */
  isLoadingMore = $state(false);
  /** Whether the list has every clip down to its end. */
  isComplete = $state(false);

  #next: string | undefined;
  #hasGap = false;
  #loading: Promise<void> | undefined;
  /** What is polled: the page in which new clips appear, and where it begins in the list. */
  #polled: { query: ListQuery; first: number; etag?: string | undefined };

  constructor(
    readonly options: ListOptions,
    private readonly request: typeof requestPage,
  ) {
    this.#polled = { query: this.#query(), first: 0 };
  }

  /** The number of new clips that are announced. */
  get freshCount(): number {
    return this.fresh.length;
  }

  /** Loads the first page; if a list is restored, as many pages as it had. */
  async load(count = PAGE_SIZE): Promise<void> {
    await this.#loadFirstOnce(Math.min(MAX_PAGE_SIZE, Math.max(PAGE_SIZE, count)));
    while (this.clips.length < count && !this.isComplete && !this.isOffline) await this.loadMore();
  }

  /** Loads the following page. With a tag, a page may be empty although more pages follow. */
  async loadMore(): Promise<void> {
    if (this.isComplete || this.isLoadingMore || this.stage !== 'shown') return;
    this.isLoadingMore = true;
    const query = this.#query({ cursor: this.#next });
    try {
      const { data, etag } = await this.request(this.options.competition, query);
      this.isOffline = false;
      if (!data) return;
      // The oldest come first: new clips appear in the last page, so that page is polled.
      if (!data.next && this.options.order === 'oldest')
        this.#polled = { query, first: this.clips.length, etag };
      this.#append(data.clips, data.next);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.isLoadingMore = false;
    }
  }

  /** Asks for new clips. Throws if there was no usable reply, so that the caller waits longer. */
  async poll(signal?: AbortSignal): Promise<void> {
    if (this.stage !== 'shown') return this.#loadFirstOnce(PAGE_SIZE);
    const { query, first, etag } = this.#polled;
    const { competition, order } = this.options;
    try {
      const { data, etag: newer } = await this.request(competition, query, etag, signal);
      this.isOffline = false;
      if (!data) return;
      this.#polled.etag = newer;
      const known = insertClips(this.clips, this.fresh, order);
      const merged = mergePage(known, data.clips, { hasNext: Boolean(data.next), first });
      const announced = new Set(this.fresh.map(({ clip }) => clip));
      this.#hasGap ||= merged.hasGap;
      const kept = merged.clips.filter(({ clip }) => !announced.has(clip));
      const isSame =
        kept.length === this.clips.length && kept.every((it, at) => it === this.clips[at]);
      if (!isSame) this.clips = kept;
      const stillFresh = merged.clips.filter(({ clip }) => announced.has(clip));
      if (merged.fresh.length || stillFresh.length !== this.fresh.length)
        this.fresh = insertClips(stillFresh, merged.fresh, order);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /**
   * Puts the announced clips into the list. If more clips are new than a page has, the list starts
   * again with its first page.
   */
  showFresh(): void {
    if (this.#hasGap) {
      this.#hasGap = false;
      this.clips = [];
      this.#polled = { query: this.#query(), first: 0 };
      void this.#loadFirstOnce(PAGE_SIZE);
    } else {
      this.clips = insertClips(this.clips, this.fresh, this.options.order);
    }
    this.fresh = [];
  }

  /** The page and its first poll both load the list. */
  #loadFirstOnce(limit: number): Promise<void> {
    this.#loading ??= this.#loadFirst(limit).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadFirst(limit: number): Promise<void> {
    const query = this.#query({ limit });
    try {
      const { status, data, etag } = await this.request(this.options.competition, query);
      this.isOffline = false;
      if (!data) {
        if (status === 400) this.stage = 'invalid';
        return;
      }
      const isTail = this.options.order === 'newest' || !data.next;
      if (isTail && limit === PAGE_SIZE) this.#polled = { query, first: 0, etag };
      this.clips = [];
      this.#append(data.clips, data.next);
      this.stage = 'shown';
    } catch (error) {
      this.#fail(error);
    }
  }

  #append(clips: readonly Clip[], next: string | undefined): void {
    const known = new Set(this.clips.map(({ clip }) => clip));
    this.clips = [...this.clips, ...clips.filter(({ clip }) => !known.has(clip))];
    this.#next = next;
    this.isComplete = next === undefined;
  }

  #fail(error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    if (!(error instanceof TypeError || error instanceof UnusableReply)) throw error;
    this.isOffline = true;
  }

  #query(changes: ListQuery = {}): ListQuery {
    const { order, tag } = this.options;
    return {
      limit: PAGE_SIZE,
      ...(order === 'oldest' && { order }),
      ...(tag !== undefined && { tag }),
      ...changes,
    };
  }
}
