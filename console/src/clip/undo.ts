/** The stack of what the operator did and can take back: marks, cuts and deletions. */

import { createSubscriber } from 'svelte/reactivity';

/** One thing that the operator did. */
export interface Step {
  /** What was done, for the banner and for screen readers: "Cut 12 s at 13:30:58". */
  label(): string;
  undo(): void | Promise<void>;
  redo(): void | Promise<void>;
  /** Until when the step can be undone or redone, in ms since 1970. Absent: as long as it is kept. */
  readonly until?: number | undefined;
}

/** Most steps that the stack keeps. */
const MAX_STEPS = 200;

/** What the operator can take back, last in, first out. Components that read it follow its changes. */
export class UndoStack {
  #done: readonly Step[] = [];
  #undone: readonly Step[] = [];
  #update = () => {};
  readonly #subscribe = createSubscriber((update) => {
    this.#update = update;
    return () => {
      this.#update = () => {};
    };
  });

  constructor(private readonly now: () => number = Date.now) {}

  /** The step that `undo` takes back next. */
  get next(): Step | undefined {
    this.#subscribe();
    return this.#done.findLast((step) => this.#isOpen(step));
  }

  /** The step that `redo` does again next. */
  get nextRedo(): Step | undefined {
    this.#subscribe();
    return this.#undone.findLast((step) => this.#isOpen(step));
  }

  /** Adds what was just done. What was undone before can no longer be redone. */
  push(step: Step): void {
    this.#set([...this.#done, step].slice(-MAX_STEPS), []);
  }

  /** Forgets a step that can no longer be undone or redone, such as a refused cut. */
  drop(step: Step): void {
    this.#set(without(this.#done, step), without(this.#undone, step));
  }

  /** Takes back the last step and returns it. Does nothing if there is none. */
  async undo(): Promise<Step | undefined> {
    const step = this.next;
    if (!step) return undefined;
    this.#set(without(this.#done, step), [...this.#undone, step]);
    await step.undo();
    this.#update();
    return step;
  }

  /** Does the last undone step again and returns it. Does nothing if there is none. */
  async redo(): Promise<Step | undefined> {
    const step = this.nextRedo;
    if (!step) return undefined;
    this.#set([...this.#done, step], without(this.#undone, step));
    await step.redo();
    this.#update();
    return step;
  }

  #set(done: readonly Step[], undone: readonly Step[]): void {
    this.#done = done;
    this.#undone = undone;
    this.#update();
  }

  #isOpen(step: Step): boolean {
    return step.until === undefined || step.until > this.now();
  }
}

function without(steps: readonly Step[], step: Step): readonly Step[] {
  return steps.filter((it) => it !== step);
}

/** The one stack of the console: Undo takes back what was done last, on whichever screen. */
export const undoStack = new UndoStack();
