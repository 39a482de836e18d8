/** Turns marks into in and out, and remembers how much around a mark the operator cuts. */

import type { Stretch } from '../live/segment.ts';
import { settings } from '../settings/settings.svelte.ts';
import { type ChannelMark, type Lead, stretchOf } from './channel-mark.ts';

/** The lead that is kept over a reload. */
export interface LeadStore {
  readonly lead: Lead;
  save(changes: { lead: Lead }): void;
}

export class MarkWindow {
  /** The date of the mark that in and out were made from, in ms since 1970. */
  #at: number | undefined;

  constructor(private readonly store: LeadStore = settings) {}

  /** The stretch of a mark. A cut around it sets the lead of the next marks. */
  take(mark: ChannelMark): Stretch {
    this.#at = mark.end === undefined ? mark.at : undefined;
    return stretchOf(mark, this.store.lead);
  }

  /** Learns from a window that is cut, if it contains the mark that it was made from. */
  learn({ start, end }: Stretch): void {
    const at = this.#at;
    this.#at = undefined;
    if (at === undefined || at < start || at >= end) return;
    this.store.save({ lead: { before: Math.round(at - start), after: Math.round(end - at) } });
  }
}
