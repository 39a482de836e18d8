/** The steps of the undo stack that cut and delete clips. */

import { f, t } from '../messages/console.svelte.ts';
import type { Clip } from './clip.ts';
import type { UnsentCut } from './outbox.ts';
import type { Step } from './undo.ts';

/** How long a cut or a deletion can be undone, in ms. The service restores for 15 s at least. */
export const UNDO_MS = 10_000;

/** What steps do to clips. */
export interface StepActions {
  delete(clip: Clip): Promise<void>;
  restore(clip: Clip): Promise<void>;
  /** Takes back a cut that has no clip yet, or wants it again. */
  takeBack(key: string, isTakenBack: boolean): boolean;
  now(): number;
}

/** A step that can be undone for a while, and then redone for a while. */
export abstract class TimedStep<Actions extends Pick<StepActions, 'now'>> implements Step {
  until: number;

  constructor(protected readonly actions: Actions) {
    this.until = actions.now() + UNDO_MS;
  }

  abstract label(): string;
  protected abstract takeBack(): void;
  protected abstract doAgain(): void;

  undo(): void {
    this.until = this.actions.now() + UNDO_MS;
    this.takeBack();
  }

  redo(): void {
    this.until = this.actions.now() + UNDO_MS;
    this.doAgain();
  }
}

/** A cut: while it is on its way, and later as a clip. */
export class CutStep extends TimedStep<StepActions> {
  /** The clip that the cut became. */
  clip: Clip | undefined;

  constructor(
    actions: StepActions,
    private readonly cut: UnsentCut,
  ) {
    super(actions);
  }

  label(): string {
    const start = Date.parse(this.cut.body.start);
    const length = Date.parse(this.cut.body.end) - start;
    return t.clip.didCut(f().seconds(length, length % 1000 ? 1 : 0), f().time(start));
  }

  protected takeBack(): void {
    if (this.clip) void this.actions.delete(this.clip);
    else this.actions.takeBack(this.cut.key, true);
  }

  protected doAgain(): void {
    if (this.clip) void this.actions.restore(this.clip);
    else this.actions.takeBack(this.cut.key, false);
  }
}

/** A suggestion that became a clip. Undo deletes the clip. */
export class ConfirmationStep extends TimedStep<StepActions> {
  constructor(
    actions: StepActions,
    private readonly clip: Clip,
  ) {
    super(actions);
  }

  label(): string {
    return t.suggestion.didConfirm(this.clip.meta.title || t.clip.untitled);
  }

  protected takeBack(): void {
    void this.actions.delete(this.clip);
  }

  protected doAgain(): void {
    void this.actions.restore(this.clip);
  }
}

/** A deletion, or a suggestion that was dismissed. */
export class DeletionStep extends TimedStep<StepActions> {
  constructor(
    actions: StepActions,
    private readonly clip: Clip,
  ) {
    super(actions);
  }

  label(): string {
    const title = this.clip.meta.title || t.clip.untitled;
    return this.clip.status === 'suggested'
      ? t.suggestion.didDismiss(title)
      : t.clip.didDelete(title);
  }

  protected takeBack(): void {
    void this.actions.restore(this.clip);
  }

  protected doAgain(): void {
    void this.actions.delete(this.clip);
  }
}
