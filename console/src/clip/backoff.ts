/** How long to wait before a request is sent again, and the timers that wait. */

/** The timers and the clock. Tests replace them. */
export interface Timers {
  now(): number;
  set(run: () => void, delay: number): unknown;
  clear(timer: unknown): void;
  /** From 0 to 1: spreads the retries of many consoles. */
  random(): number;
}

/** The timers of the browser. */
export const browserTimers: Timers = {
  now: () => Date.now(),
  set: (run, delay) => setTimeout(run, delay),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: () => Math.random(),
};

/** The longest pause between two retries, in ms. The service's own wish may be longer. */
const MAX_PAUSE = 15_000;

/**
 * The pause after failure number `failures`, in ms: doubled each time, and up to a fifth longer.
 * `retryAfter` is the service's own wish in seconds.
 */
export function pauseAfter(
  failures: number,
  first: number,
  timers: Timers,
  retryAfter: number | undefined,
): number {
  const pause = Math.min(MAX_PAUSE, first * 2 ** (failures - 1)) * (1 + timers.random() / 5);
  return Math.max(pause, (retryAfter ?? 0) * 1000);
}
