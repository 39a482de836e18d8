/** Which clips the library shows, and in which order. */

import { type Filters, isMatch, type StateFilter } from '../clip/filters.ts';
import { lengthOfRow, type Row, startOfRow, titleOf } from '../clip/row-state.ts';

/** How the library is sorted. */
export type LibraryOrder = 'newest' | 'oldest' | 'changed' | 'title' | 'longest';

/** What the library is narrowed to. Empty texts narrow nothing. */
export interface LibraryFilters extends Omit<Filters, 'state'> {
  /** `deleted` is the trash. */
  readonly state: StateFilter | 'deleted';
  readonly source: '' | 'live' | 'upload' | 'reel';
  /** Only clips that start at this time or later, in ms since 1970. */
  readonly from?: number | undefined;
  /** Only clips that start before this time, in ms since 1970. */
  readonly to?: number | undefined;
}

/** Everything. */
export const NO_LIBRARY_FILTERS: LibraryFilters = {
  state: 'all',
  text: '',
  tag: '',
  operator: '',
  source: '',
};

/** Whether any filter is set. */
export function isNarrowed(filters: LibraryFilters): boolean {
  return Object.entries(filters).some(
    ([name, value]) =>
      value !== undefined && value !== '' && !(name === 'state' && value === 'all'),
  );
}

/** Whether a row is shown. A suggestion is no clip yet. */
export function isInLibrary(row: Row, filters: LibraryFilters): boolean {
  if (row.clip?.status === 'suggested') return false;
  const { source, from, to, state } = filters;
  if (source && (row.clip?.source ?? 'live') !== source) return false;
  const start = startOfRow(row);
  if (from !== undefined && start < from) return false;
  if (to !== undefined && start >= to) return false;
  // The trash has deleted clips only.
  return isMatch(row, { ...filters, state: state === 'deleted' ? 'all' : state });
}

/** Sorts rows. Rows that are equal in this order are sorted by their start, the newest first. */
export function sortRows(rows: readonly Row[], order: LibraryOrder): Row[] {
  const compare = ORDERS[order];
  return [...rows].sort(
    (one, other) =>
      compare(one, other) || startOfRow(other) - startOfRow(one) || (one.key < other.key ? 1 : -1),
  );
}

const ORDERS: Readonly<Record<LibraryOrder, (one: Row, other: Row) => number>> = {
  newest: () => 0,
  oldest: (one, other) => startOfRow(one) - startOfRow(other),
  changed: (one, other) => changedAt(other) - changedAt(one),
  title: (one, other) => compareTitles(titleOf(one), titleOf(other)),
  longest: (one, other) => (lengthOfRow(other) ?? 0) - (lengthOfRow(one) ?? 0),
};

function changedAt({ clip, cut }: Row): number {
  return cut ? cut.madeAt : Date.parse(clip.updatedAt);
}

/** `Heat 10` comes after `Heat 9`. Rows without a title come last. */
function compareTitles(one: string, other: string): number {
  if (!one || !other) return Number(!one) - Number(!other);
  return one.localeCompare(other, undefined, { numeric: true, sensitivity: 'base' });
}
