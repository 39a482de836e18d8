/** Waits between two tries, as long as the line is lost. */

import { browserTimers, pauseAfter } from '../clip/backoff.ts';

/** The wait after the first failure. It doubles with each further failure. */
const FIRST_PAUSE_MS = 1000;
/** The wait while the browser is offline. It can be wrong about that, so there is a try even then. */
const OFFLINE_PAUSE_MS = 30_000;

/** Waits before another try. */
export interface Line {
  /** Waits after a number of failed tries, at least one. Ends early when the line is back. */
  waitToRetry(failures: number, signal: AbortSignal): Promise<void>;
}

/** The line of the browser: it listens to `online`, and does not try early while offline. */
export function browserLine(page: Window): Line {
  return {
    waitToRetry: (failures, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const pause = page.navigator.onLine
          ? pauseAfter(failures, FIRST_PAUSE_MS, browserTimers, undefined)
          : OFFLINE_PAUSE_MS;
        const timer = setTimeout(end, pause);
        function end() {
          clearTimeout(timer);
          page.removeEventListener('online', end);
          signal.removeEventListener('abort', end);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        }
        page.addEventListener('online', end);
        signal.addEventListener('abort', end);
      }),
  };
}
