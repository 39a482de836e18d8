/** Saves a new start and end of a clip, as a step that can be undone. */

import type { Schema } from '../api/client.ts';
import { type Clip, type ClipEdit, wantedWindow } from '../clip/clip.ts';
import { TimedStep } from '../clip/steps.ts';
import type { UndoStack } from '../clip/undo.ts';
import { f, t } from '../messages/console.svelte.ts';
import { isSameStretch, stretchOf } from './trim-window.ts';

/** The part of the clips store that saves a trim. */
export interface TrimActions {
  /** Changes fields of the clip that the operator saw. Returns whether they were changed. */
  edit(shown: Clip, fields: ClipEdit): Promise<boolean>;
  now(): number;
}

type Window = Schema<'Window'>;

/**
 * Saves a window of the clip that the operator saw. Returns whether it was saved. The same window starts
 * a failed job for exact frames again, and leaves nothing to undo.
 */
export async function saveTrim(
  clips: TrimActions,
  undo: Pick<UndoStack, 'push' | 'drop'>,
  shown: Clip,
  window: Window,
): Promise<boolean> {
  const wanted = wantedWindow(shown);
  if (wanted && isSameStretch(stretchOf(wanted), stretchOf(window))) {
    return clips.edit(shown, window);
  }
  const step = new TrimStep(clips, shown, window);
  undo.push(step);
  const isSaved = await clips.edit(shown, window);
  // The service refused the window, or another operator has moved it too.
  if (!isSaved) undo.drop(step);
  return isSaved;
}

/** A new start and end. Undo is the same edit with the former times. */
class TrimStep extends TimedStep<TrimActions> {
  readonly #before: Window;

  constructor(
    clips: TrimActions,
    private readonly shown: Clip,
    private readonly after: Window,
  ) {
    super(clips);
    const { start, end } = wantedWindow(shown) ?? after;
    this.#before = { start, end };
  }

  label(): string {
    const length = Date.parse(this.after.end) - Date.parse(this.after.start);
    return t.trim.didTrim(this.shown.meta.title || t.clip.untitled, f().seconds(length));
  }

  protected takeBack(): void {
    void this.actions.edit(this.shown, this.#before);
  }

  protected doAgain(): void {
    void this.actions.edit(this.shown, this.after);
  }
}
