/** The exports of one clip. They are read again and again while one is in progress, and not otherwise. */

import { type Api, answer, type Schema } from '../api/client.ts';
import { RequestFailed } from '../api/problem.ts';
import { browserTimers, type Timers } from '../clip/backoff.ts';
import type { Clip } from '../clip/clip.ts';
import { Poller } from '../clip/poller.ts';

/** A file of a clip for use elsewhere. */
export type Export = Schema<'Export'>;
/** The file to make. */
export type ExportRequest = Schema<'ExportRequest'>;

const PATH = '/api/competitions/{competitionId}/clips/{clipId}/exports';
/** How long a request may take, in ms. */
const REQUEST_MS = 10_000;
/** How often exports in progress are read, in ms. */
const INTERVALS = { visible: 2_000, hidden: 10_000 };
/** URLs of files are valid for an hour. Older ones than this are read again before they are used, in ms. */
const URL_MS = 45 * 60_000;

/** Whether the service still works on an export. */
export function isInProgress({ status }: Export): boolean {
  return status === 'queued' || status === 'encoding';
}

export class Exports {
  /** The exports, the newest first. */
  all = $state.raw<readonly Export[]>([]);
  #readAt = 0;
  #key: { id: string; body: string } | undefined;
  readonly #path: { competitionId: string; clipId: string };
  readonly #poller: Poller;

  constructor(
    private readonly api: Api,
    clip: Pick<Clip, 'competition' | 'clip'>,
    private readonly timers: Timers = browserTimers,
  ) {
    this.#path = { competitionId: clip.competition, clipId: clip.clip };
    this.#poller = new Poller({
      ask: async (signal) => {
        await this.#read(signal);
        if (!this.all.some(isInProgress)) this.#poller.stop();
        return 'done';
      },
      retryAfter: (failure) => (failure instanceof RequestFailed ? failure.retryAfter : undefined),
      intervals: INTERVALS,
      timers,
    });
  }

  /** Reads the exports, and follows those in progress. */
  start(): void {
    this.#poller.start();
  }

  stop(): void {
    this.#poller.stop();
  }

  setVisible(isVisible: boolean): void {
    this.#poller.setVisible(isVisible);
  }

  /** Starts an export. Throws `RequestFailed`. The same body after a lost reply makes no second file. */
  async create(body: ExportRequest): Promise<void> {
    const text = JSON.stringify(body);
    if (this.#key?.body !== text) this.#key = { id: crypto.randomUUID(), body: text };
    const header = { 'Idempotency-Key': this.#key.id };
    const params = { path: this.#path, header };
    try {
      const { data } = await answer(this.api.POST(PATH, { params, body, signal: timeout() }));
      this.all = [data, ...this.all.filter((it) => it.export !== data.export)];
      this.#key = undefined;
    } catch (failure) {
      if (failure instanceof RequestFailed && failure.problem) this.#key = undefined;
      throw failure;
    }
    this.#poller.start();
  }

  /** An export whose URLs are valid for some minutes at least. Throws `RequestFailed`. */
  async renew(id: string): Promise<Export | undefined> {
    if (this.timers.now() - this.#readAt > URL_MS) await this.#read();
    return this.all.find((it) => it.export === id);
  }

  async #read(signal?: AbortSignal): Promise<void> {
    const { data } = await answer(
      this.api.GET(PATH, {
        params: { path: this.#path },
        signal: signal ? AbortSignal.any([signal, timeout()]) : timeout(),
      }),
    );
    signal?.throwIfAborted();
    this.all = data.exports;
    this.#readAt = this.timers.now();
  }
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(REQUEST_MS);
}
