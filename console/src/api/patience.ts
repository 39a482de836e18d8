/** Sends a throttled request again: after `Retry-After`, or after one second, then two, then four. */

import { browserTimers, type Timers } from '../clip/backoff.ts';
import { parseRetryAfter } from './problem.ts';

/** How often a request is sent again. */
const MAX_REPEATS = 3;
/** The longest pause, in ms. A request with a longer `Retry-After` fails, and its caller waits. */
const MAX_PAUSE = 5_000;
/** The pause if the reply has no `Retry-After`, as from API Gateway, in ms. It doubles. */
const FIRST_PAUSE = 1_000;

/**
 * Makes a fetch that sends a request again if it is answered 429. A throttled request had no effect, so
 * any method may be repeated. The request keeps its headers, so a cut keeps its idempotency key.
 */
export function repeatThrottled(
  fetcher: typeof fetch,
  timers: Timers = browserTimers,
): (request: Request) => Promise<Response> {
  return async (request) => {
    for (let repeats = 0; ; repeats += 1) {
      const reply = await fetcher(request.clone());
      const wish = parseRetryAfter(reply.headers.get('retry-after'));
      const pause = wish === undefined ? FIRST_PAUSE * 2 ** repeats : wish * 1000;
      if (reply.status !== 429 || repeats === MAX_REPEATS || pause > MAX_PAUSE) return reply;
      await waitFor(pause * (1 + timers.random() / 5), request.signal, timers);
    }
  };
}

function waitFor(pause: number, signal: AbortSignal, timers: Timers): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      timers.clear(timer);
      reject(signal.reason as Error);
    };
    const timer = timers.set(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, pause);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
