/** Which rows of the list are shown. */

import { type Row, type RowState, stateOf, tagsOf, titleOf } from './row-state.ts';

/** A group of states that the list can be narrowed to. */
export type StateFilter = 'all' | 'on-its-way' | 'ready' | 'failed' | 'held';

/** What the list is narrowed to. Empty texts narrow nothing. */
export interface Filters {
  readonly state: StateFilter;
  readonly text: string;
  readonly tag: string;
  /** Only rows of this operator. */
  readonly operator: string;
}

/** Everything. */
export const NO_FILTERS: Filters = { state: 'all', text: '', tag: '', operator: '' };

/** The group of each state. A deleted clip is shown under `all` only, and a suggestion above the list. */
const GROUPS: Readonly<Record<RowState, StateFilter | undefined>> = {
  sending: 'on-its-way',
  suggested: undefined,
  scheduled: 'on-its-way',
  queued: 'on-its-way',
  harvesting: 'on-its-way',
  uploading: 'on-its-way',
  transcoding: 'on-its-way',
  packaging: 'on-its-way',
  ready: 'ready',
  held: 'held',
  failed: 'failed',
  refused: 'failed',
  deleting: undefined,
};

/** The group of a row. */
export function groupOf(row: Row): StateFilter | undefined {
  return GROUPS[stateOf(row)];
}

/** Whether a row is shown. Every word of the text must occur, without regard to case and accents. */
export function isMatch(row: Row, { state, text, tag, operator }: Filters): boolean {
  if (state !== 'all' && groupOf(row) !== state) return false;
  if (tag && !tagsOf(row).includes(tag)) return false;
  if (operator && operatorOf(row) !== operator) return false;
  const searched = fold(searchedText(row));
  return fold(text)
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

/** Who made the row's clip. Files that were dropped into the bucket have nobody. */
export function operatorOf({ clip, cut }: Row): string | undefined {
  return cut ? cut.operator : clip?.createdBy;
}

/** The tags of all rows, the most frequent first. */
export function usedTags(rows: readonly Row[]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const tag of tagsOf(row)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([tag]) => tag);
}

function searchedText(row: Row): string {
  const { clip } = row;
  const more = clip ? [clip.clip, clip.meta.description, clip.filename, clip.channel] : [];
  return [titleOf(row), ...tagsOf(row), operatorOf(row), ...more].join('\n');
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim();
}
