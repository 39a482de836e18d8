/** The time of day for countdowns: components that read it follow it. */

import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** The time in ms since 1970. In an effect it changes every second. */
export function now(): number {
  subscribe();
  return Date.now();
}
