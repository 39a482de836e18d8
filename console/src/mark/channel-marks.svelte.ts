/** The marks of the channel that is shown: reads them, sets and removes them. */

import { type Api, answer } from '../api/client.ts';
import { type Problem, RequestFailed } from '../api/problem.ts';
import { browserTimers, type Timers } from '../clip/backoff.ts';
import { Outbox } from '../clip/outbox.ts';
import { persist } from '../clip/persist.ts';
import { type Polled, Poller } from '../clip/poller.ts';
import type { UndoStack } from '../clip/undo.ts';
import {
  asNew,
  type ChannelMark,
  fromStored,
  fromUnsent,
  type NewMark,
  type StoredMark,
  type UnsentMark,
} from './channel-mark.ts';
import { joined, type MarkPage, takePage, without } from './mark-pages.ts';
import { type MarkActions, MarkStep, RemovalStep } from './mark-steps.ts';

/** How often the marks are read while the page is visible, in ms. */
const INTERVAL_MS = 3_000;
/** How long a request may take, in ms. */
const REQUEST_MS = 10_000;
/** Most marks of a page. */
const PAGE = 500;
/** If the list has several pages, the newest part of this length is read every other time, in ms. */
const RECENT_MS = 600_000;

const MARKS = '/api/channels/{channelId}/marks';

/** What the store needs. */
export interface ChannelMarksOptions {
  readonly api: Api;
  readonly undo: Pick<UndoStack, 'push' | 'drop'>;
  /** The operator who is logged in. */
  operator(): string | undefined;
  /** The live edge of the channel that is shown, in ms since 1970. */
  edge(): number | undefined;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly timers?: Timers;
}

/** A mark that the service did not make, or did not remove. The problem is absent if it did not answer. */
export interface MarkRefusal {
  readonly work: 'setting' | 'removing';
  readonly label: string;
  readonly problem: Problem | undefined;
}

export class ChannelMarks implements MarkActions {
  /** The last refusal, until the operator has dismissed it. */
  refusal = $state.raw<MarkRefusal>();

  #channel = $state<string>();
  #stored = $state.raw<readonly StoredMark[]>([]);
  #unsent = $state.raw<readonly UnsentMark[]>([]);
  /** The ids of marks that are removed here. Pages that were read before may still have them. */
  #removed = $state.raw<ReadonlySet<string>>(new Set());
  /** The marks of the channel in the order of time. */
  readonly all: readonly ChannelMark[] = $derived(this.#draw());

  readonly #timers: Timers;
  readonly #outbox: Outbox<StoredMark, NewMark>;
  readonly #poller: Poller;
  /** The steps of marks that are on their way, by key. */
  readonly #steps = new Map<string, MarkStep>();
  /** Where reading the whole list has come to. Absent: it begins again. */
  #walk: { readonly cursor: string; readonly from: number } | undefined;
  #wasRecent = false;
  /** The tag of the last reply, if the list had one page. */
  #etag: string | undefined;
  #isAway = false;

  constructor(private readonly options: ChannelMarksOptions) {
    this.#timers = options.timers ?? browserTimers;
    this.#outbox = new Outbox<StoredMark, NewMark>({
      send: (unsent) => this.#post(unsent),
      arrived: (unsent, mark) => this.#arrived(unsent, mark),
      refused: (unsent) => this.#refused(unsent),
      changed: (unsent) => {
        this.#unsent = unsent;
      },
      operator: options.operator,
      storage: options.storage,
      storageKey: 'matchcut.unsent-marks',
      timers: this.#timers,
    });
    this.#poller = new Poller({
      ask: (signal) => this.#poll(signal),
      answered: (failure) => this.#polled(failure),
      retryAfter: (failure) => (failure instanceof RequestFailed ? failure.retryAfter : undefined),
      // A hidden page reads no marks: the screen stops the store then.
      intervals: { visible: INTERVAL_MS, hidden: INTERVAL_MS },
      timers: this.#timers,
    });
  }

  /** Reads the marks of a channel from now on, and sends what waits. */
  start(channel: string): void {
    if (channel !== this.#channel) {
      this.#poller.stop();
      this.#channel = channel;
      this.#stored = [];
      this.#walk = undefined;
      this.#etag = undefined;
    }
    this.#poller.start();
    this.#outbox.wake();
  }

  stop(): void {
    this.#poller.stop();
  }

  /** Sets a mark. It is drawn at once, and is sent until the service answers. */
  set(body: NewMark): void {
    const step = new MarkStep(this, body);
    step.send();
    this.options.undo.push(step);
  }

  /** Removes a mark. Undo sets it again. */
  remove(mark: StoredMark): void {
    const step = new MarkStep(this, asNew(mark));
    step.mark = mark;
    step.undo();
    this.options.undo.push(new RemovalStep(step, mark));
  }

  send(body: NewMark, step: MarkStep): UnsentMark {
    const unsent = this.#outbox.add(body);
    this.#steps.set(unsent.key, step);
    return unsent;
  }

  takeBack(key: string, isTakenBack: boolean): boolean {
    return this.#outbox.takeBack(key, isTakenBack);
  }

  async delete(mark: StoredMark): Promise<void> {
    this.#removed = new Set(this.#removed).add(mark.id);
    const params = { path: { channelId: mark.channel, markId: mark.id } };
    const signal = () => AbortSignal.timeout(REQUEST_MS);
    try {
      await persist(
        () => answer(this.options.api.DELETE(`${MARKS}/{markId}`, { params, signal: signal() })),
        undefined,
        this.#timers,
      );
    } catch (failure) {
      const problem = failure instanceof RequestFailed ? failure.problem : undefined;
      // Another operator has removed it meanwhile.
      if (problem?.status === 404) return;
      this.#removed = new Set([...this.#removed].filter((it) => it !== mark.id));
      this.refusal = { work: 'removing', label: mark.label, problem };
    }
  }

  #draw(): ChannelMark[] {
    const stored = this.#stored.filter((it) => !this.#removed.has(it.id)).map(fromStored);
    const unsent = this.#unsent.filter((it) => this.#isShown(it)).map(fromUnsent);
    return [...stored, ...unsent].sort((a, b) => a.at - b.at);
  }

  #isShown({ body, isTakenBack, problem }: UnsentMark): boolean {
    return body.channel === this.#channel && !isTakenBack && !problem;
  }

  async #post({ key, body: { channel, ...mark } }: UnsentMark): Promise<StoredMark> {
    const { data } = await answer(
      this.options.api.POST(MARKS, {
        params: { path: { channelId: channel } },
        body: { ...mark, key },
        signal: AbortSignal.timeout(REQUEST_MS),
      }),
    );
    return data;
  }

  #arrived(unsent: UnsentMark, mark: StoredMark): void {
    const step = this.#steps.get(unsent.key);
    this.#steps.delete(unsent.key);
    if (step) step.mark = mark;
    if (mark.channel === this.#channel) {
      this.#stored = joined(this.#stored, [mark]);
      this.#etag = undefined;
    }
    if (unsent.isTakenBack) void this.delete(mark);
  }

  #refused(unsent: UnsentMark): void {
    const step = this.#steps.get(unsent.key);
    if (step) this.options.undo.drop(step);
    this.#steps.delete(unsent.key);
    this.#outbox.discard(unsent.key);
    this.refusal = { work: 'setting', label: unsent.body.label, problem: unsent.problem };
  }

  /**
   * Reads one page. Most channels have one page of marks. If there are more, the newest marks and
   * the next page of the whole list take turns.
   */
  async #poll(signal: AbortSignal): Promise<Polled> {
    const [walk, edge] = [this.#walk, this.options.edge()];
    const isRecent = walk !== undefined && edge !== undefined && !this.#wasRecent;
    const before = this.#stored;
    const page = await this.#readPage(
      isRecent ? { from: new Date(edge - RECENT_MS).toISOString() } : { cursor: walk?.cursor },
      signal,
    ).catch((failure) => {
      // The service no longer understands the cursor: begin again.
      if (failure instanceof RequestFailed && failure.problem?.status === 400) {
        this.#walk = undefined;
      }
      throw failure;
    });
    signal.throwIfAborted();
    if (!page) return 'done';
    this.#wasRecent = isRecent;
    const read = takePage(before, page, isRecent ? edge - RECENT_MS : walk?.from);
    // Marks that arrived after the request was sent are not on the page.
    this.#stored = joined(read, without(this.#stored, before));
    const last = page.marks.at(-1);
    if (!isRecent) {
      const next = last && page.cursor;
      this.#walk = next ? { cursor: next, from: Date.parse(last.at) } : undefined;
    }
    return 'done';
  }

  #polled(failure: unknown): void {
    if (failure === undefined && this.#isAway) this.#outbox.wake();
    this.#isAway = failure !== undefined;
  }

  /** Reads a page. Nothing, if the only page of the list has not changed. */
  async #readPage(
    asked: { from?: string; cursor?: string | undefined },
    signal: AbortSignal,
  ): Promise<MarkPage | undefined> {
    const { from, cursor } = asked;
    const etag = from || cursor ? undefined : this.#etag;
    const reply = this.options.api.GET(MARKS, {
      params: {
        path: { channelId: this.#channel ?? '' },
        query: { limit: PAGE, ...(from && { from }), ...(cursor && { cursor }) },
        header: { ...(etag && { 'If-None-Match': etag }) },
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    });
    const { data, response } = await answer(reply, 304);
    if (response.status === 304) return undefined;
    this.#etag = data.cursor ? undefined : (response.headers.get('etag') ?? undefined);
    return data;
  }
}
