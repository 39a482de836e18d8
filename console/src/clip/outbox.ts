/** The cuts that the service has not answered yet. Each is sent until it is answered, and arrives once. */

import { type Problem, RequestFailed } from '../api/problem.ts';
import { browserTimers, pauseAfter, type Timers } from './backoff.ts';
import type { ClipEdit, CutRequest } from './clip.ts';

/** A cut that was made here and has no clip yet. */
export interface UnsentCut {
  /**
   * The `Idempotency-Key`: however often the cut is sent, it makes one clip. The same key must have
   * the same body, so what is typed meanwhile is kept in `edit`.
   */
  readonly key: string;
  readonly competition: string;
  readonly body: CutRequest;
  /** Who cut: the service keeps the keys of each operator apart. */
  readonly operator: string;
  /** When the operator cut, in ms since 1970. */
  readonly cutAt: number;
  /** Fields that were typed while the cut was on its way. */
  readonly edit?: ClipEdit;
  /** The operator took the cut back. It may have arrived, so it is sent on, and its clip is deleted. */
  readonly isTakenBack?: boolean;
  /** Why the service refused the cut. It is not sent again by itself. */
  readonly problem?: Problem;
  /** How often the cut was sent without an answer. */
  readonly failures: number;
}

/** What an outbox needs. */
export interface OutboxOptions<Made> {
  /** Sends a cut. Throws `RequestFailed` if it is refused or not answered. */
  send(cut: UnsentCut): Promise<Made>;
  /** Called once for each cut that the service has made a clip of. */
  arrived(cut: UnsentCut, made: Made): void;
  /** Called if the service refused a cut. */
  refused?(cut: UnsentCut): void;
  /** Called after each change of the cuts. */
  changed(cuts: readonly UnsentCut[]): void;
  /** The operator who is logged in; only cuts of this operator are sent. */
  operator(): string | undefined;
  /** Keeps the cuts over a reload. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly timers?: Timers;
  newKey?(): string;
}

/** The name in `sessionStorage`. */
const STORAGE_KEY = 'matchcut.unsent-cuts';
/** The pause after the first failure, in ms. */
const FIRST_PAUSE = 1_000;

export class Outbox<Made> {
  readonly #timers: Timers;
  readonly #newKey: () => string;
  #cuts: readonly UnsentCut[];
  /** The timers of cuts that wait, and nothing for those that are being sent. */
  readonly #waiting = new Map<string, unknown>();
  readonly #sending = new Set<string>();

  constructor(private readonly options: OutboxOptions<Made>) {
    this.#timers = options.timers ?? browserTimers;
    this.#newKey = options.newKey ?? (() => crypto.randomUUID());
    this.#cuts = read(options.storage);
    if (this.#cuts.length) options.changed(this.#cuts);
  }

  get cuts(): readonly UnsentCut[] {
    return this.#cuts;
  }

  /** Adds a cut and sends it. */
  add(competition: string, body: CutRequest): UnsentCut {
    const cut: UnsentCut = {
      key: this.#newKey(),
      competition,
      body,
      operator: this.options.operator() ?? '',
      cutAt: this.#timers.now(),
      failures: 0,
    };
    this.#set([cut, ...this.#cuts]);
    void this.#send(cut.key);
    return cut;
  }

  /** Sends all waiting cuts now, for example because the service answers again. */
  wake(): void {
    for (const cut of this.#cuts) {
      if (!cut.problem && cut.operator === this.options.operator()) void this.#send(cut.key);
    }
  }

  /** Keeps fields that were typed while the cut is on its way. False if the cut has arrived. */
  edit(key: string, fields: ClipEdit): boolean {
    return this.#change(key, (cut) => ({ ...cut, edit: { ...cut.edit, ...fields } }));
  }

  /** Takes a cut back, or wants it again. False if the cut has arrived meanwhile. */
  takeBack(key: string, isTakenBack: boolean): boolean {
    return this.#change(key, (cut) => ({ ...cut, isTakenBack }));
  }

  /** Forgets a refused cut. */
  discard(key: string): void {
    this.#timers.clear(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#set(this.#cuts.filter((cut) => cut.key !== key));
  }

  /** Sends a refused cut again. It made no clip, so it gets a key of its own. */
  repeat(key: string): UnsentCut | undefined {
    const next = this.#newKey();
    const refused = this.#find(key);
    if (!refused) return undefined;
    const { problem: _, ...cut } = refused;
    this.#change(key, () => ({ ...cut, key: next, failures: 0 }));
    void this.#send(next);
    return this.#find(next);
  }

  async #send(key: string): Promise<void> {
    const cut = this.#find(key);
    if (!cut || this.#sending.has(key)) return;
    this.#timers.clear(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#sending.add(key);
    try {
      const made = await this.options.send(cut);
      const latest = this.#find(key) ?? cut;
      this.discard(key);
      this.options.arrived(latest, made);
    } catch (failure) {
      this.#fail(key, failure);
    } finally {
      this.#sending.delete(key);
    }
  }

  #fail(key: string, failure: unknown): void {
    const cut = this.#find(key);
    if (!cut) return;
    const refusal = failure instanceof RequestFailed && !failure.isTemporary && failure.problem;
    if (refusal) {
      if (cut.isTakenBack) this.discard(key);
      else this.#refuse(cut, refusal);
      return;
    }
    const failures = cut.failures + 1;
    this.#change(key, () => ({ ...cut, failures }));
    const wish = failure instanceof RequestFailed ? failure.retryAfter : undefined;
    const pause = pauseAfter(failures, FIRST_PAUSE, this.#timers, wish);
    this.#waiting.set(
      key,
      this.#timers.set(() => void this.#send(key), pause),
    );
  }

  #refuse(cut: UnsentCut, problem: Problem): void {
    const refused = { ...cut, problem };
    this.#change(cut.key, () => refused);
    this.options.refused?.(refused);
  }

  #find(key: string): UnsentCut | undefined {
    return this.#cuts.find((cut) => cut.key === key);
  }

  #change(key: string, change: (cut: UnsentCut) => UnsentCut): boolean {
    if (!this.#find(key)) return false;
    this.#set(this.#cuts.map((cut) => (cut.key === key ? change(cut) : cut)));
    return true;
  }

  #set(cuts: readonly UnsentCut[]): void {
    this.#cuts = cuts;
    try {
      if (cuts.length) this.options.storage.setItem(STORAGE_KEY, JSON.stringify(cuts));
      else this.options.storage.removeItem(STORAGE_KEY);
    } catch {
      // Storage is full or forbidden: the cuts are sent, but a reload would lose them.
    }
    this.options.changed(cuts);
  }
}

function read(storage: Pick<Storage, 'getItem'>): readonly UnsentCut[] {
  try {
    const cuts: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '[]');
    return Array.isArray(cuts) ? cuts : [];
  } catch {
    return [];
  }
}
