/** The state of a row of the list: a clip's status, or that of a cut which has no clip yet. */

import { type Clip, isHeldBack, type Status } from './clip.ts';
import type { UnsentCut } from './outbox.ts';

/** A row's state. `held`: ready, and kept from the viewers. */
export type RowState = Status | 'sending' | 'refused' | 'held';

/** A row of the list: a clip, or a cut that the service has not answered. */
export type Row =
  | { readonly key: string; readonly clip: Clip; readonly cut?: undefined }
  | { readonly key: string; readonly cut: UnsentCut; readonly clip?: undefined };

export function stateOf(row: Row): RowState {
  if (row.cut) return row.cut.problem ? 'refused' : 'sending';
  return row.clip.status === 'ready' && isHeldBack(row.clip) ? 'held' : row.clip.status;
}

/** The title of a row; empty if it has none. What was typed for an unsent cut counts. */
export function titleOf({ clip, cut }: Row): string {
  if (clip) return clip.meta.title;
  return cut?.edit?.title ?? cut?.body.title ?? '';
}

/** The tags of a row. */
export function tagsOf({ clip, cut }: Row): readonly string[] {
  if (clip) return clip.meta.tags;
  return cut?.edit?.tags ?? cut?.body.tags ?? [];
}

/** When the row's picture starts, in ms since 1970. */
export function startOfRow({ clip, cut }: Row): number {
  return Date.parse(
    cut?.body.start ?? clip?.requested?.start ?? clip?.actual?.start ?? clip?.createdAt ?? '',
  );
}

/** How long the row's picture lasts, in ms, as far as it is known. */
export function lengthOfRow({ clip, cut }: Row): number | undefined {
  const window = cut?.body ?? clip?.requested;
  if (window) return Date.parse(window.end) - Date.parse(window.start);
  return clip?.actual && clip.actual.durationSeconds * 1000;
}
