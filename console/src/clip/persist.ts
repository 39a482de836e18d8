/** Sends a request that may be sent twice, again and again until the service answers. */

import { RequestFailed } from '../api/problem.ts';
import { browserTimers, pauseAfter, type Timers } from './backoff.ts';

/** The pause after the first failure, in ms. */
const FIRST_PAUSE = 1_000;

/**
 * The reply of the first request that is answered. Throws the refusal, or the last failure if
 * `until` has passed. The request must be safe to repeat.
 */
export async function persist<T>(
  send: () => Promise<T>,
  until = Number.POSITIVE_INFINITY,
  timers: Timers = browserTimers,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await send();
    } catch (failure) {
      if (!(failure instanceof RequestFailed) || !failure.isTemporary) throw failure;
      const pause = pauseAfter(failures, FIRST_PAUSE, timers, failure.retryAfter);
      if (timers.now() + pause > until) throw failure;
      await new Promise<void>((resolve) => timers.set(resolve, pause));
    }
  }
}
