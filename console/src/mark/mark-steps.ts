/** The steps of the undo stack that set and remove marks. */

import type { Step } from '../clip/undo.ts';
import { f, t } from '../messages/console.svelte.ts';
import type { NewMark, StoredMark, UnsentMark } from './channel-mark.ts';

/** What steps do to marks. */
export interface MarkActions {
  /** Sends a mark again: it gets a key of its own. */
  send(body: NewMark, step: MarkStep): UnsentMark;
  delete(mark: StoredMark): Promise<void>;
  /** Takes back a mark that has no answer yet, or wants it again. */
  takeBack(key: string, isTakenBack: boolean): boolean;
}

/** A mark that was set: while it is on its way, and later as the service has it. */
export class MarkStep implements Step {
  /** The mark, once the service has it. */
  mark: StoredMark | undefined;
  #unsent: UnsentMark | undefined;

  constructor(
    private readonly actions: MarkActions,
    private readonly body: NewMark,
  ) {}

  label(): string {
    return t.mark.didMark(this.body.label, f().time(Date.parse(this.body.at)));
  }

  /** Sends the mark, the first time or again. */
  send(): void {
    this.mark = undefined;
    this.#unsent = this.actions.send(this.body, this);
  }

  undo(): void {
    if (this.mark) void this.actions.delete(this.mark);
    else if (this.#unsent) this.actions.takeBack(this.#unsent.key, true);
  }

  redo(): void {
    const isOnItsWay = !this.mark && this.#unsent;
    if (!isOnItsWay || !this.actions.takeBack(isOnItsWay.key, false)) this.send();
  }
}

/** A mark that was removed. */
export class RemovalStep implements Step {
  constructor(
    private readonly step: MarkStep,
    private readonly mark: StoredMark,
  ) {}

  label(): string {
    return t.mark.didRemove(this.mark.label, f().time(Date.parse(this.mark.at)));
  }

  undo(): void {
    this.step.redo();
  }

  redo(): void {
    this.step.undo();
  }
}
