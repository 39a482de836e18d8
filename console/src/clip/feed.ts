/** The clips of a competition, put together from the replies of the changes feed. */

import type { Schema } from '../api/client.ts';
import { type Clip, queueOf } from './clip.ts';

/** A reply of the changes feed. */
export type ChangePage = Schema<'ChangeList'>;
/** What was asked for: the first page, what has changed since, or a page of older clips. */
export type Asked = 'newest' | 'changes' | 'older';

/** A clip that has changed, and how it was before. */
export interface Change {
  readonly before?: Clip | undefined;
  readonly after: Clip;
}

/** All clips that the console knows of a competition. */
export class Feed {
  #clips = new Map<string, Clip>();
  /** The cursor of the next request for changes. Absent before the first reply. */
  cursor: string | undefined;
  /** The cursor of the next page of older clips. Absent if there is none. */
  older: string | undefined;

  /** The clips, the newest first. */
  list(): Clip[] {
    return [...this.#clips.values()].sort(
      (a, b) => compare(b.createdAt, a.createdAt) || compare(b.clip, a.clip),
    );
  }

  get(clip: string): Clip | undefined {
    return this.#clips.get(clip);
  }

  /** Takes a reply in. Returns what has changed: clips that come again are dropped. */
  take(page: ChangePage, asked: Asked): Change[] {
    const replaces = asked === 'newest' || page.reset === true;
    const before = this.#clips;
    this.#clips = replaces ? new Map() : new Map(before);
    if (asked !== 'older') this.cursor = page.cursor;
    if (replaces || asked === 'older') this.older = page.older;
    const changes: Change[] = [];
    for (const clip of page.clips) {
      const known = before.get(clip.clip);
      this.#clips.set(clip.clip, newer(known, clip));
      if (!known || compare(known.updatedAt, clip.updatedAt) < 0) {
        changes.push({ before: known, after: clip });
      }
    }
    const fresh = new Set(page.clips.map((clip) => clip.clip));
    for (const change of changes) this.#closeGap(change, fresh);
    return changes;
  }

  /** Takes in one clip, from the reply to a request of this console. */
  put(clip: Clip): Change[] {
    return this.take({ clips: [clip], cursor: this.cursor ?? '' }, 'changes');
  }

  /** Shows a clip otherwise until its next change arrives. */
  show(clip: Clip): void {
    this.#clips.set(clip.clip, clip);
  }

  /** Forgets a clip that is gone. */
  forget(clip: string): void {
    this.#clips.delete(clip);
  }

  /** Moves all queued clips by the error of one clip's position, which was read again. */
  correctQueue(clip: string, position: number): void {
    const known = this.#clips.get(clip);
    const error = (known && queueOf(known)?.position) ?? position;
    for (const it of this.#clips.values()) {
      const queue = queueOf(it);
      if (queue) this.#moveTo(it, queue.position + position - error);
    }
  }

  /**
   * Moves the clips up that wait behind one which has left the harvest queue: they have not changed
   * themselves, so the feed does not repeat them.
   */
  #closeGap({ before, after }: Change, fresh: ReadonlySet<string>): void {
    const left = before && queueOf(before)?.position;
    if (left === undefined || after.status === 'queued') return;
    for (const clip of this.#clips.values()) {
      const queue = queueOf(clip);
      if (queue && queue.position > left && !fresh.has(clip.clip)) {
        this.#moveTo(clip, queue.position - 1);
      }
    }
  }

  #moveTo(clip: Clip, position: number): void {
    const place = Math.max(1, position);
    this.#clips.set(clip.clip, { ...clip, queue: { position: place, ahead: place - 1 } } as Clip);
  }
}

/**
 * The newer of two versions of a clip. The reply to an edit may be faster than a page that was read
 * before it. Of the same version, only the place in the harvest queue can differ.
 */
function newer(known: Clip | undefined, clip: Clip): Clip {
  if (!known) return clip;
  const order = compare(known.updatedAt, clip.updatedAt);
  if (order < 0) return clip;
  const queue = order === 0 && known.status === clip.status && queueOf(clip);
  return queue ? ({ ...known, queue } as Clip) : known;
}

/** Compares texts that sort by time: ids, and times of one form. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [Date.parse(a), Date.parse(b)];
  if (left !== right && !Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  return a < b ? -1 : 1;
}
