/** How long deleted clips can be restored, and how long they stay in the lists. */

import type { Clip } from './clip.ts';
import type { Change } from './feed.ts';
import { UNDO_MS } from './steps.ts';

/** How long the service restores a deleted clip at least, in ms. */
const RESTORE_MS = 15_000;

export class DeletedClips {
  /** When this console deleted a clip, in ms since 1970. */
  readonly #deletedAt = new Map<string, number>();
  /** The suggestions that an operator dismissed, or that the service removed. */
  readonly #suggestions = new Set<string>();

  constructor(
    /** Now on this clock, in ms since 1970. */
    private readonly now: () => number,
    /** How far the service's clock is ahead of this one, in ms. */
    private readonly clockError: () => number,
  ) {}

  /** Remembers that this console has just deleted a clip. */
  add({ clip }: Clip): void {
    this.#deletedAt.set(clip, this.now());
  }

  /** Forgets a clip that was restored. */
  remove({ clip }: Clip): void {
    this.#deletedAt.delete(clip);
  }

  /** Notices which suggestions are gone. */
  observe({ before, after }: Change): void {
    if (after.status !== 'deleting') this.#suggestions.delete(after.clip);
    else if (before?.status === 'suggested') this.#suggestions.add(after.clip);
  }

  /** Whether a clip is in the lists. A suggestion that is gone leaves them at once. */
  isListed(clip: Clip): boolean {
    if (clip.status !== 'deleting') return true;
    return !this.#suggestions.has(clip.clip) && this.listedUntil(clip) > this.now();
  }

  /** Until when the service keeps a deleted clip, in ms since 1970 on this clock. */
  keptUntil(clip: Clip): number {
    const until = clip.status === 'deleting' ? clip.restorableUntil : undefined;
    return until === undefined ? 0 : Date.parse(until) - this.clockError();
  }

  /** Until when a deleted clip stays in the lists, in ms since 1970 on this clock. */
  listedUntil(clip: Clip): number {
    const deletedAt = Date.parse(clip.updatedAt) - this.clockError();
    return (this.#deletedAt.get(clip.clip) ?? deletedAt) + UNDO_MS;
  }

  /** Until when a request to restore a clip is repeated, in ms since 1970 on this clock. */
  restoredUntil(clip: Clip): number {
    const deletedAt = this.#deletedAt.get(clip.clip) ?? this.now();
    return Math.max(deletedAt + RESTORE_MS, this.keptUntil(clip));
  }
}
