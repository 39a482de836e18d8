/** Polls while the page is visible. A hidden page costs nothing, and asks as soon as it is seen. */

import { Poller } from '../clip/poller.ts';
import { UnusableReply } from './requests.ts';

/**
 * Starts to ask every `interval` ms. A failure is thrown, and makes the pause longer. Returns what
 * ends it.
 */
export function pollWhileVisible(
  interval: number,
  ask: (signal: AbortSignal) => Promise<unknown>,
): () => void {
  const poller = new Poller({
    ask: async (signal) => {
      await ask(signal);
      return 'done';
    },
    retryAfter: (failure) => (failure instanceof UnusableReply ? failure.retryAfter : undefined),
    intervals: { visible: interval, hidden: interval },
  });
  const ended = new AbortController();
  const follow = () => (document.hidden ? poller.stop() : poller.start());
  document.addEventListener('visibilitychange', follow, { signal: ended.signal });
  window.addEventListener('online', () => poller.wake(), { signal: ended.signal });
  follow();
  return () => {
    ended.abort();
    poller.stop();
  };
}
