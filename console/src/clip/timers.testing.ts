/** A clock for unit tests: time passes only when the test says so. */

import type { Timers } from './backoff.ts';

/** Timers that fire in order while the test advances the clock. */
export class TestTimers implements Timers {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  now = () => this.#now;
  random = () => 0;

  set = (run: () => void, delay: number): unknown => {
    const timer = { at: this.#now + delay, run };
    this.#timers.push(timer);
    return timer;
  };

  clear = (timer: unknown): void => {
    this.#timers = this.#timers.filter((it) => it !== timer);
  };

  /** Lets time pass, and runs what is due meanwhile together with its promises. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= until);
      const first = due.sort((a, b) => a.at - b.at)[0];
      if (!first) break;
      this.clear(first);
      this.#now = Math.max(this.#now, first.at);
      first.run();
      await settle();
    }
    this.#now = until;
  }
}

/** Waits until the promises that can settle now have done so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
