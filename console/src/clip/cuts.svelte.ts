/** The cuts of this console, until each is a clip. */

import type { Problem } from '../api/problem.ts';
import type { Timers } from './backoff.ts';
import type { Clip, ClipEdit, CutRequest } from './clip.ts';
import { Outbox, type UnsentCut } from './outbox.ts';
import { CutStep, type StepActions } from './steps.ts';
import type { UndoStack } from './undo.ts';

/** What the cuts need. */
export interface CutsOptions {
  send(cut: UnsentCut): Promise<Clip>;
  /** Called once for each cut that became a clip. */
  arrived(cut: UnsentCut, clip: Clip): void;
  /** Called if the service refused a cut. */
  refused(cut: UnsentCut, problem: Problem): void;
  readonly undo: UndoStack;
  readonly actions: StepActions;
  /** The operator who is logged in. */
  operator(): string | undefined;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly timers: Timers;
}

export class Cuts {
  /** The cuts that the service has not answered, the newest first. */
  unsent = $state.raw<readonly UnsentCut[]>([]);
  /** The unsent cuts of the list. One that was taken back is shown only if the service does not answer. */
  readonly shown: readonly UnsentCut[] = $derived(
    this.unsent.filter(({ isTakenBack, failures }) => !isTakenBack || failures > 0),
  );
  readonly #outbox: Outbox<Clip, CutRequest, ClipEdit>;
  /** The undo step of a cut, by the cut's key. */
  readonly #steps = new Map<string, CutStep>();

  constructor(private readonly options: CutsOptions) {
    const { send, operator, storage, timers } = options;
    this.#outbox = new Outbox({
      send,
      arrived: (cut, clip) => this.#arrived(cut, clip),
      refused: (cut) => this.#refused(cut),
      changed: (cuts) => {
        this.unsent = cuts;
      },
      operator,
      storage,
      storageKey: 'matchcut.unsent-cuts',
      timers,
    });
  }

  /** Sends a cut until the service answers, as a step that can be undone. */
  add(request: CutRequest): UnsentCut {
    const cut = this.#outbox.add(request);
    this.#pushStep(cut);
    return cut;
  }

  /** Sends what waits now. */
  wake(): void {
    this.#outbox.wake();
  }

  /** Takes back a cut that has not been answered, or wants it again. False if it has arrived. */
  takeBack(key: string, isTakenBack: boolean): boolean {
    return this.#outbox.takeBack(key, isTakenBack);
  }

  /** Forgets a refused cut. */
  discard({ key }: UnsentCut): void {
    this.#outbox.discard(key);
  }

  /** Sends a refused cut again. */
  repeat({ key }: UnsentCut): void {
    const repeated = this.#outbox.repeat(key);
    if (repeated) this.#pushStep(repeated);
  }

  /** Keeps what is typed for a cut that has no clip yet. False if the cut has arrived. */
  edit({ key }: UnsentCut, fields: ClipEdit): boolean {
    return this.#outbox.edit(key, fields);
  }

  #pushStep(cut: UnsentCut): void {
    const step = new CutStep(this.options.actions, cut);
    this.#steps.set(cut.key, step);
    this.options.undo.push(step);
  }

  #arrived(cut: UnsentCut, clip: Clip): void {
    const step = this.#steps.get(cut.key);
    if (step) step.clip = clip;
    this.#steps.delete(cut.key);
    this.options.arrived(cut, clip);
  }

  #refused(cut: UnsentCut): void {
    const step = this.#steps.get(cut.key);
    if (step) this.options.undo.drop(step);
    this.#steps.delete(cut.key);
    if (cut.problem) this.options.refused(cut, cut.problem);
  }
}
