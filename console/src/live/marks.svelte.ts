/** In and out: the window that the operator marks. Each change can be undone. */

import type { Step } from '../clip/undo.ts';

/** A marked window. `out` is the end of the last frame. */
export interface MarkedWindow {
  readonly in?: number | undefined;
  readonly out?: number | undefined;
}

/** What the marks need. */
export interface MarksOptions {
  /** Adds a step that can be undone. */
  push(step: Step): void;
  /** Keeps the marks over a reload. */
  keep(window: MarkedWindow): void;
}

export class Marks {
  #window = $state.raw<MarkedWindow>({});

  constructor(
    private readonly options: MarksOptions,
    kept: MarkedWindow = {},
  ) {
    this.#window = kept;
  }

  get in(): number | undefined {
    return this.#window.in;
  }

  get out(): number | undefined {
    return this.#window.out;
  }

  get window(): MarkedWindow {
    return this.#window;
  }

  get isEmpty(): boolean {
    return this.in === undefined && this.out === undefined;
  }

  /** Sets in. An out that is not after it is cleared. */
  setIn(date: number, label: () => string): void {
    const start = Math.ceil(date - 0.001);
    this.change({ in: start, out: isAfter(this.out, start) ? this.out : undefined }, label);
  }

  /** Sets out. An in that is not before it is cleared. */
  setOut(date: number, label: () => string): void {
    const end = Math.floor(date + 0.001);
    this.change({ in: isAfter(end, this.in) ? this.in : undefined, out: end }, label);
  }

  /** Changes the window as a step that can be undone. */
  change(next: MarkedWindow, label: () => string): void {
    const before = this.#window;
    if (before.in === next.in && before.out === next.out) return;
    this.show(next);
    this.options.push({
      label,
      undo: () => this.show(before),
      redo: () => this.show(next),
    });
  }

  /** Changes the window without a step: while a mark is dragged. */
  show(window: MarkedWindow): void {
    this.#window = window;
    this.options.keep({ in: window.in, out: window.out });
  }
}

function isAfter(end: number | undefined, start: number | undefined): boolean {
  return end !== undefined && (start === undefined || end > start);
}
