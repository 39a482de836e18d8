/** Waits between two tries, as long as the line is lost. */

/** The wait after the first failure. It doubles with each further failure. */
const FIRST_DELAY_MS = 1000;
/** The longest wait. `navigator.onLine` can be wrong, so there is a try even while it is false. */
const MAX_DELAY_MS = 30_000;

/** Waits before another try. */
export interface Line {
  /** Waits after a number of failed tries, at least one. Ends early when the line is back. */
  waitToRetry(failures: number, signal: AbortSignal): Promise<void>;
}

/** The line of the browser: it listens to `online`, and does not try early while offline. */
export function browserLine(window: Window): Line {
  return {
    waitToRetry: (failures, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const timer = setTimeout(end, retryDelay(failures, window.navigator.onLine, Math.random()));
        function end() {
          clearTimeout(timer);
          window.removeEventListener('online', end);
          signal.removeEventListener('abort', end);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        }
        window.addEventListener('online', end);
        signal.addEventListener('abort', end);
      }),
  };
}

/** The wait in milliseconds, with up to a quarter less at random so that tries spread. */
export function retryDelay(failures: number, isOnline: boolean, random: number): number {
  const delay = isOnline
    ? Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1))
    : MAX_DELAY_MS;
  return delay * (1 - random / 4);
}
