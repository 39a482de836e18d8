/** Puts the marks of a channel together from pages of the service's list. */

import type { StoredMark } from './channel-mark.ts';

/** A page of the list, in the order of time. */
export interface MarkPage {
  readonly marks: readonly StoredMark[];
  /** The cursor of the next page. Absent on the last one. */
  readonly cursor?: string | undefined;
}

/**
 * Takes a page in, which begins after a date: absent for the first page. Known marks between its
 * begin and its end that it does not have are gone.
 */
export function takePage(
  known: readonly StoredMark[],
  page: MarkPage,
  after: number | undefined,
): StoredMark[] {
  const last = page.marks.at(-1);
  const to = page.cursor === undefined || !last ? Number.POSITIVE_INFINITY : timeOf(last);
  // A mark of the same moment as the begin or the end may stand on the neighboring page.
  const isCovered = (it: StoredMark) =>
    timeOf(it) > (after ?? Number.NEGATIVE_INFINITY) && timeOf(it) < to;
  return joined(
    known.filter((it) => !isCovered(it)),
    page.marks,
  );
}

/** The marks of both lists in the order of time. Of a mark that both have, that of `newer` is taken. */
export function joined(marks: readonly StoredMark[], newer: readonly StoredMark[]): StoredMark[] {
  return [...without(marks, newer), ...newer].sort(
    (a, b) => timeOf(a) - timeOf(b) || (a.id < b.id ? -1 : 1),
  );
}

/** The marks that are not in the other list. */
export function without(
  marks: readonly StoredMark[],
  others: readonly StoredMark[],
): readonly StoredMark[] {
  const ids = new Set(others.map((it) => it.id));
  return marks.filter((it) => !ids.has(it.id));
}

function timeOf(mark: StoredMark): number {
  return Date.parse(mark.at);
}
