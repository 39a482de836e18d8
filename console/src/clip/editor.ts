/** Changes fields of clips without overwriting what somebody else has changed meanwhile. */

import { RequestFailed } from '../api/problem.ts';
import type { Timers } from './backoff.ts';
import type { Clip, ClipEdit } from './clip.ts';
import { type Conflict, findConflicts, hasAll } from './edits.ts';

/** How long to wait for the change that made an edit fail, in ms. */
const CHANGE_WAIT_MS = 10_000;
/** The pause between two looks for that change, in ms. */
const LOOK_MS = 250;
/** Most own edits that are remembered. */
const MAX_OWN_EDITS = 100;

/** What an editor needs. */
export interface EditorOptions {
  /** Sends an edit of this version of a clip. It is refused with 412 if the clip has another one. */
  send(clip: Clip, fields: ClipEdit): Promise<Clip>;
  /** The newest version of a clip that the changes feed has brought. */
  known(clip: string): Clip | undefined;
  /** Asks the changes feed now. */
  refresh(): void;
  readonly timers: Timers;
}

export class Editor {
  /** What an edit of this console made of a version, by the version's tag. */
  readonly #ownEdits = new Map<string, Clip>();

  constructor(private readonly options: EditorOptions) {}

  /**
   * Changes fields of a clip, starting from the version that the operator saw. Returns the changed
   * clip. If somebody else has changed one of the same fields since, returns the conflict.
   */
  async edit(shown: Clip, fields: ClipEdit): Promise<Clip | Conflict> {
    let base = this.#followOwnEdits(shown);
    for (;;) {
      try {
        const edited = await this.options.send(base, fields);
        this.#remember(base, edited);
        return edited;
      } catch (failure) {
        if (!(failure instanceof RequestFailed) || failure.problem?.status !== 412) throw failure;
        const theirs = await this.#otherVersion(base, failure);
        const conflicts = findConflicts(base, theirs, fields);
        if (conflicts.length) return { base, theirs, mine: fields, fields: conflicts };
        // The reply to this same edit was lost, or somebody else has changed other fields.
        if (hasAll(theirs, fields)) return theirs;
        base = theirs;
      }
    }
  }

  /** The newest version that only this console has changed since `shown`. */
  #followOwnEdits(shown: Clip): Clip {
    let base = shown;
    for (;;) {
      const next = this.#ownEdits.get(base.etag ?? '');
      if (!next) return base;
      base = next;
    }
  }

  #remember(base: Clip, edited: Clip): void {
    if (!base.etag || !edited.etag || base.etag === edited.etag) return;
    this.#ownEdits.delete(edited.etag);
    this.#ownEdits.set(base.etag, edited);
    for (const oldest of this.#ownEdits.keys()) {
      if (this.#ownEdits.size <= MAX_OWN_EDITS) break;
      this.#ownEdits.delete(oldest);
    }
  }

  /** A version other than `base`, as soon as the feed has brought it. */
  async #otherVersion(base: Clip, failure: RequestFailed): Promise<Clip> {
    const { known, refresh, timers } = this.options;
    const until = timers.now() + CHANGE_WAIT_MS;
    for (;;) {
      const clip = known(base.clip);
      if (clip && clip.etag !== base.etag) return clip;
      if (timers.now() >= until) throw failure;
      refresh();
      await new Promise<void>((resolve) => timers.set(resolve, LOOK_MS));
    }
  }
}
