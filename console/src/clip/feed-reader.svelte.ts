/** Reads the changes feed of a competition, and with it the service's clock. */

import { RequestFailed } from '../api/problem.ts';
import type { Timers } from './backoff.ts';
import { type Change, type ChangePage, Feed } from './feed.ts';
import type { ClipRequests } from './requests.ts';

/** How often the place in the harvest queue is read again, in ms. */
const QUEUE_REFRESH_MS = 5_000;

/** What a reply has brought. */
export interface ReadChanges {
  readonly changes: readonly Change[];
  /** Whether this is the first reply: everything in it is new. */
  readonly isFirst: boolean;
  /** Whether the service has more changes now. */
  readonly hasMore: boolean;
}

export class FeedReader {
  /** The clips that have been read. */
  feed = new Feed();
  /** How far the service's clock is ahead of this one, in ms. */
  clockError = $state(0);
  #competition = '';
  #queueReadAt = 0;

  constructor(
    private readonly requests: ClipRequests,
    private readonly timers: Timers,
  ) {}

  /** Begins with another competition. */
  open(competition: string): void {
    this.feed = new Feed();
    this.#competition = competition;
  }

  /** Reads the newest clips at first, and then what has changed. Throws `RequestFailed`. */
  async read(signal: AbortSignal): Promise<ReadChanges> {
    const { feed } = this;
    const isFirst = feed.cursor === undefined;
    const page = await this.#readPage(feed.cursor, signal).catch((failure) => {
      // The service no longer understands the cursor: begin again.
      if (failure instanceof RequestFailed && failure.problem?.status === 400) {
        feed.cursor = undefined;
      }
      throw failure;
    });
    signal.throwIfAborted();
    const changes = feed.take(page, isFirst ? 'newest' : 'changes');
    await this.#refreshQueue();
    signal.throwIfAborted();
    return { changes, isFirst, hasMore: page.more === true };
  }

  /** Reads clips that are older than the feed. False if there are none. */
  async readOlder(): Promise<boolean> {
    const { feed } = this;
    const cursor = feed.older;
    if (!cursor) return false;
    const page = await this.#readPage(cursor);
    if (feed !== this.feed || feed.older !== cursor) return false;
    feed.take(page, 'older');
    return true;
  }

  async #readPage(cursor: string | undefined, signal?: AbortSignal): Promise<ChangePage> {
    const sentAt = this.timers.now();
    const { page, date } = await this.requests.readChanges(this.#competition, cursor, signal);
    // The header has whole seconds, rounded down.
    const error = date + 500 - (sentAt + this.timers.now()) / 2;
    if (Math.abs(error - this.clockError) > 1_000) this.clockError = error;
    return page;
  }

  /** Reads the place of the first queued clip: clips of other competitions wait in the same queue. */
  async #refreshQueue(): Promise<void> {
    const first = this.feed.list().findLast((clip) => clip.status === 'queued');
    if (!first || this.timers.now() < this.#queueReadAt + QUEUE_REFRESH_MS) return;
    this.#queueReadAt = this.timers.now();
    const position = await this.requests.readQueuePosition(first).catch(() => undefined);
    if (position !== undefined) this.feed.correctQueue(first.clip, position);
  }
}
