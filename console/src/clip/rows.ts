/** Gives each clip its row of the list. */

import type { Clip } from './clip.ts';
import type { Row } from './row-state.ts';

export class Rows {
  /** The keys of cuts, by the clips that they became. */
  readonly #keys = new Map<string, string>();
  /** The row of each version of a clip. If a clip has not changed, its row is the same object. */
  readonly #rows = new WeakMap<Clip, Row>();

  /** Keeps the key of a cut for its clip, so that the row stays in its place. */
  keepKey(clip: Clip, key: string): void {
    this.#keys.set(clip.clip, key);
  }

  /** Returns the row of a clip. */
  rowOf(clip: Clip): Row {
    const key = this.#keys.get(clip.clip) ?? clip.clip;
    const row = this.#rows.get(clip) ?? { key, clip };
    this.#rows.set(clip, row);
    return row;
  }
}
