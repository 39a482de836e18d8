/** What the service has not answered yet: cuts and marks. Each is sent until it is answered, and arrives once. */

import { type Problem, RequestFailed } from '../api/problem.ts';
import { browserTimers, pauseAfter, type Timers } from './backoff.ts';
import type { ClipEdit, CutRequest } from './clip.ts';

/** A request that was made here and has no answer yet. */
export interface Unsent<Body, Edit = never> {
  /**
   * The idempotency key: however often the request is sent, it takes effect once. The same key must
   * have the same body, so what is typed meanwhile is kept in `edit`.
   */
  readonly key: string;
  readonly body: Body;
  /** Who made it: the service keeps the keys of each operator apart. */
  readonly operator: string;
  /** When the operator made it, in ms since 1970. */
  readonly madeAt: number;
  /** Fields that were typed while it was on its way. */
  readonly edit?: Edit;
  /** The operator took it back. It may have arrived, so it is sent on, and what it made is deleted. */
  readonly isTakenBack?: boolean;
  /** Why the service refused it. It is not sent again by itself. */
  readonly problem?: Problem;
  /** How often it was sent without an answer. */
  readonly failures: number;
}

/** A cut that was made here and has no clip yet. Its key is the `Idempotency-Key`. */
export type UnsentCut = Unsent<CutRequest, ClipEdit>;

/** What an outbox needs. */
export interface OutboxOptions<Made, Body, Edit> {
  /** Sends a request. Throws `RequestFailed` if it is refused or not answered. */
  send(unsent: Unsent<Body, Edit>): Promise<Made>;
  /** Called once for each request that the service has answered. */
  arrived(unsent: Unsent<Body, Edit>, made: Made): void;
  /** Called if the service refused a request. */
  refused?(unsent: Unsent<Body, Edit>): void;
  /** Called after each change of what is unsent. */
  changed(unsent: readonly Unsent<Body, Edit>[]): void;
  /** The operator who is logged in; only requests of this operator are sent. */
  operator(): string | undefined;
  /** Keeps what is unsent over a reload. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** The name in the storage. */
  readonly storageKey: string;
  readonly timers?: Timers;
  newKey?(): string;
}

/** The pause after the first failure, in ms. */
const FIRST_PAUSE = 1_000;

export class Outbox<Made, Body, Edit = never> {
  readonly #timers: Timers;
  readonly #newKey: () => string;
  #unsent: readonly Unsent<Body, Edit>[];
  /** The timers of requests that wait, and nothing for those that are being sent. */
  readonly #waiting = new Map<string, unknown>();
  readonly #sending = new Set<string>();

  constructor(private readonly options: OutboxOptions<Made, Body, Edit>) {
    this.#timers = options.timers ?? browserTimers;
    this.#newKey = options.newKey ?? (() => crypto.randomUUID());
    this.#unsent = read(options);
    if (this.#unsent.length) options.changed(this.#unsent);
  }

  get unsent(): readonly Unsent<Body, Edit>[] {
    return this.#unsent;
  }

  /** Adds a request and sends it. */
  add(body: Body): Unsent<Body, Edit> {
    const unsent: Unsent<Body, Edit> = {
      key: this.#newKey(),
      body,
      operator: this.options.operator() ?? '',
      madeAt: this.#timers.now(),
      failures: 0,
    };
    this.#set([unsent, ...this.#unsent]);
    void this.#send(unsent.key);
    return unsent;
  }

  /** Sends all that waits now, for example because the service answers again. */
  wake(): void {
    for (const it of this.#unsent) {
      if (!it.problem && it.operator === this.options.operator()) void this.#send(it.key);
    }
  }

  /** Keeps fields that were typed while the request is on its way. False if it has arrived. */
  edit(key: string, fields: Edit): boolean {
    return this.#change(key, (it) => ({ ...it, edit: { ...it.edit, ...fields } as Edit }));
  }

  /** Takes a request back, or wants it again. False if it has arrived meanwhile. */
  takeBack(key: string, isTakenBack: boolean): boolean {
    return this.#change(key, (it) => ({ ...it, isTakenBack }));
  }

  /** Forgets a refused request. */
  discard(key: string): void {
    this.#timers.clear(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#set(this.#unsent.filter((it) => it.key !== key));
  }

  /** Sends a refused request again. It had no effect, so it gets a key of its own. */
  repeat(key: string): Unsent<Body, Edit> | undefined {
    const next = this.#newKey();
    const refused = this.#find(key);
    if (!refused) return undefined;
    const { problem: _, ...unsent } = refused;
    this.#change(key, () => ({ ...unsent, key: next, failures: 0 }));
    void this.#send(next);
    return this.#find(next);
  }

  async #send(key: string): Promise<void> {
    const unsent = this.#find(key);
    if (!unsent || this.#sending.has(key)) return;
    this.#timers.clear(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#sending.add(key);
    try {
      const made = await this.options.send(unsent);
      const latest = this.#find(key) ?? unsent;
      this.discard(key);
      this.options.arrived(latest, made);
    } catch (failure) {
      this.#fail(key, failure);
    } finally {
      this.#sending.delete(key);
    }
  }

  #fail(key: string, failure: unknown): void {
    const unsent = this.#find(key);
    if (!unsent) return;
    const refusal = failure instanceof RequestFailed && !failure.isTemporary && failure.problem;
    if (refusal) {
      if (unsent.isTakenBack) this.discard(key);
      else this.#refuse(unsent, refusal);
      return;
    }
    const failures = unsent.failures + 1;
    this.#change(key, () => ({ ...unsent, failures }));
    const wish = failure instanceof RequestFailed ? failure.retryAfter : undefined;
    const pause = pauseAfter(failures, FIRST_PAUSE, this.#timers, wish);
    this.#waiting.set(
      key,
      this.#timers.set(() => void this.#send(key), pause),
    );
  }

  #refuse(unsent: Unsent<Body, Edit>, problem: Problem): void {
    const refused = { ...unsent, problem };
    this.#change(unsent.key, () => refused);
    this.options.refused?.(refused);
  }

  #find(key: string): Unsent<Body, Edit> | undefined {
    return this.#unsent.find((it) => it.key === key);
  }

  #change(key: string, change: (unsent: Unsent<Body, Edit>) => Unsent<Body, Edit>): boolean {
    if (!this.#find(key)) return false;
    this.#set(this.#unsent.map((it) => (it.key === key ? change(it) : it)));
    return true;
  }

  #set(unsent: readonly Unsent<Body, Edit>[]): void {
    this.#unsent = unsent;
    const { storage, storageKey } = this.options;
    try {
      if (unsent.length) storage.setItem(storageKey, JSON.stringify(unsent));
      else storage.removeItem(storageKey);
    } catch {
      // Storage is full or forbidden: what is unsent is sent, but a reload would lose it.
    }
    this.options.changed(unsent);
  }
}

function read<Body, Edit>({
  storage,
  storageKey,
}: Pick<OutboxOptions<unknown, Body, Edit>, 'storage' | 'storageKey'>): readonly Unsent<
  Body,
  Edit
>[] {
  try {
    const unsent: unknown = JSON.parse(storage.getItem(storageKey) ?? '[]');
    return Array.isArray(unsent) ? unsent : [];
  } catch {
    return [];
  }
}
