/** Clips and cuts as the timelines draw them. */

import {
  lengthOfRow,
  type Row,
  type RowState,
  startOfRow,
  stateOf,
  titleOf,
} from '../clip/row-state.ts';
import type { Stretch } from './segment.ts';

/** A clip on the timeline. */
export interface TimelineClip extends Stretch {
  readonly key: string;
  /** The clip's id; absent while the cut is being sent. */
  readonly clip: string | undefined;
  readonly title: string;
  readonly state: RowState;
}

/** The clips and unsent cuts of a channel. Deleted ones are left out. */
export function timelineClips(rows: readonly Row[], channel: string | undefined): TimelineClip[] {
  return rows.flatMap((row) => {
    const [start, length, state] = [startOfRow(row), lengthOfRow(row), stateOf(row)];
    const isHere = (row.cut?.body.channel ?? row.clip?.channel) === channel;
    if (!isHere || length === undefined || state === 'deleting') return [];
    return [
      {
        key: row.key,
        clip: row.clip?.clip,
        title: titleOf(row),
        state,
        start,
        end: start + length,
      },
    ];
  });
}
