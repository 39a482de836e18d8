/** Runs the actions of keys, except while somebody types. */

import { onMount } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { settings } from '../settings/settings.svelte.ts';
import { actionOf, chordOf, chordsOf, KEYS, type KeyAction } from './keys.ts';
import { chordLabel } from './label.ts';

/** A press of an action's key. */
export interface Press {
  /** Whether the key is held, and the press repeats. */
  readonly isRepeated: boolean;
  /** The actions whose keys are held at the same time: K with L is slow. */
  readonly held: ReadonlySet<KeyAction>;
}

/** What an action does. */
export type KeyHandler = (press: Press) => void;

/** The handlers of an action, the newest first. */
const handlers = new Map<KeyAction, KeyHandler[]>();
/** The actions whose keys are held, by the place of the key. */
const down = new Map<string, KeyAction>();
/** The printed letters of the operator's keyboard, if the browser knows them. */
const printed = new SvelteMap<string, string>();

/** Handles actions while the component lives. The newest handler of an action wins. */
export function onKeys(actions: Partial<Record<KeyAction, KeyHandler>>): void {
  onMount(() => {
    const entries = Object.entries(actions) as [KeyAction, KeyHandler][];
    for (const [action, handler] of entries) {
      handlers.set(action, [handler, ...(handlers.get(action) ?? [])]);
    }
    return () => {
      for (const [action, handler] of entries) {
        handlers.set(
          action,
          (handlers.get(action) ?? []).filter((it) => it !== handler),
        );
      }
    };
  });
}

/** Runs an action as its key does: for buttons. */
export function run(action: KeyAction): void {
  handlers.get(action)?.[0]?.({ isRepeated: false, held: new Set() });
}

/** Listens to the keyboard while the component lives. Call it once, in the shell. */
export function listenToKeys(): void {
  onMount(() => {
    const stop = new AbortController();
    const { signal } = stop;
    window.addEventListener('keydown', press, { signal });
    window.addEventListener('keyup', ({ code }) => down.delete(code), { signal });
    window.addEventListener('blur', () => down.clear(), { signal });
    void readLayout();
    return () => stop.abort();
  });
}

/** The label of an action's first key, such as `Shift E`; empty if it has none. */
export function keyLabel(action: KeyAction): string {
  const [chord] = chordsOf(action, settings.keys);
  return chord ? labelOf(chord) : '';
}

/** The label of a chord on the operator's keyboard. */
export function labelOf(chord: string): string {
  return chordLabel(chord, printed, /Mac|iPhone|iPad/.test(navigator.platform));
}

/** An action's key for `aria-keyshortcuts`. */
export function keyShortcut(action: KeyAction): string | undefined {
  return keyLabel(action).replaceAll(' ', '+') || undefined;
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const chord = chordOf(event);
  const action = chord && actionOf(chord, settings.keys);
  if (!chord || !action || isTaken(event, chord)) return;
  const handler = handlers.get(action)?.[0];
  if (!handler) return;
  event.preventDefault();
  if (event.repeat && !KEYS[action].repeats) return;
  down.set(event.code, action);
  handler({ isRepeated: event.repeat, held: new Set(down.values()) });
}

/** Whether the key belongs to what has the focus: a field, or a control that the key operates. */
function isTaken(event: KeyboardEvent, chord: string): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches(FIELDS))
    return chord !== 'Escape' || !!target.closest('dialog');
  if (target.closest('dialog')) return true;
  return target.matches(CONTROLS) && OPERATING.has(event.code);
}

const FIELDS =
  'textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=file])';
const CONTROLS =
  'button, a[href], summary, input, [role=slider], [role=tab], [role=menuitem], [role=option]';
/** The keys that operate a control. On a slider the arrows move it. */
const OPERATING = new Set(['Space', 'Enter']);

async function readLayout(): Promise<void> {
  const keyboard = (navigator as { keyboard?: { getLayoutMap(): Promise<Map<string, string>> } })
    .keyboard;
  const layout = await keyboard?.getLayoutMap().catch(() => undefined);
  for (const [code, letter] of layout ?? []) printed.set(code, letter);
}
