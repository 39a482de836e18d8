/** Runs the tasks of each clip one after the other. Tasks of different clips do not wait. */
export class Turns {
  /** The last task of each clip that has not ended. */
  readonly #last = new Map<string, Promise<void>>();

  /** Runs a task after the earlier ones of the clip, also if one of them failed. */
  async run(clip: string, task: () => Promise<void>): Promise<void> {
    const before = this.#last.get(clip) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(task);
    this.#last.set(clip, turn);
    try {
      await turn;
    } finally {
      if (this.#last.get(clip) === turn) this.#last.delete(clip);
    }
  }
}
