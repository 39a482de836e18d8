/** Asks the API again and again: slower while the page is hidden, with backoff while there is no reply. */

import { browserTimers, pauseAfter, type Timers } from './backoff.ts';

/** What came of a request. `more`: there is more, ask again at once. */
export type Polled = 'done' | 'more';

/** How often a poller asks, in ms. */
export interface Intervals {
  readonly visible: number;
  readonly hidden: number;
}

/** What a poller needs. */
export interface PollerOptions {
  /** Sends one request. If it throws, it is sent again after a pause. */
  ask(signal: AbortSignal): Promise<Polled>;
  /** Called after each request, with its failure if it failed. */
  answered?(failure?: unknown): void;
  /** The `Retry-After` of a failure, in seconds. */
  retryAfter?(failure: unknown): number | undefined;
  readonly intervals: Intervals;
  readonly timers?: Timers;
}

/** A poller sends one request at a time. */
export class Poller {
  readonly #timers: Timers;
  #timer: unknown;
  #running: AbortController | undefined;
  #isStarted = false;
  #isVisible = true;
  #isWoken = false;
  #failures = 0;
  /** When the next request is sent after a failure, in ms since 1970. */
  nextTry: number | undefined;

  constructor(private readonly options: PollerOptions) {
    this.#timers = options.timers ?? browserTimers;
  }

  /** Begins to ask. A poller that has begun asks now. */
  start(): void {
    if (this.#isStarted) {
      this.wake();
      return;
    }
    this.#isStarted = true;
    void this.#run();
  }

  stop(): void {
    this.#isStarted = false;
    this.#timers.clear(this.#timer);
    this.#running?.abort();
    this.#running = undefined;
  }

  /** Asks now. If a request is running, asks again right after it. */
  wake(): void {
    if (!this.#isStarted) return;
    this.#isWoken = true;
    if (this.#running) return;
    this.#timers.clear(this.#timer);
    void this.#run();
  }

  /** A hidden page asks less often. A page that becomes visible asks at once. */
  setVisible(isVisible: boolean): void {
    if (isVisible === this.#isVisible) return;
    this.#isVisible = isVisible;
    if (isVisible) this.wake();
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.#isWoken = false;
    let delay: number;
    let failure: unknown;
    try {
      const polled = await this.options.ask(running.signal);
      if (this.#running !== running) return;
      this.#failures = 0;
      delay = polled === 'more' || this.#isWoken ? 0 : this.#interval;
    } catch (cause) {
      if (this.#running !== running) return;
      failure = cause;
      this.#failures += 1;
      const wish = this.options.retryAfter?.(cause);
      delay = pauseAfter(this.#failures, this.options.intervals.visible, this.#timers, wish);
    }
    this.#running = undefined;
    this.nextTry = failure === undefined ? undefined : this.#timers.now() + delay;
    this.#timer = this.#timers.set(() => void this.#run(), delay);
    this.options.answered?.(failure);
  }

  get #interval(): number {
    const { visible, hidden } = this.options.intervals;
    return this.#isVisible ? visible : hidden;
  }
}
