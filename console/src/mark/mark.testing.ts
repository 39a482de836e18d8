/** Marks for unit tests. */

import type { StoredMark } from './channel-mark.ts';

/** The time of a second of the test's stream. */
export function timeOf(second: number): string {
  return new Date(Date.UTC(2020, 1, 3, 13, 30, second)).toISOString();
}

/** A mark at a second of the test's stream. */
export function storedMark(
  id: string,
  second: number,
  fields: Partial<StoredMark> = {},
): StoredMark {
  return {
    id,
    channel: 'main',
    at: timeOf(second),
    label: 'goal',
    tags: {},
    source: 'operator',
    receivedAt: timeOf(second),
    ...fields,
  };
}
