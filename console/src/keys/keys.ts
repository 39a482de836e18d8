/** The one table of keys: the handler, the labels of buttons and the key sheet are made from it. */

/** The parts of the key sheet. */
export type KeyGroup = 'play' | 'go' | 'mark' | 'moment' | 'cut' | 'clip' | 'page';

/**
 * A chord is the modifiers that are held and the place of the key on the keyboard
 * (`KeyboardEvent.code`), such as `Shift+KeyE`. The place counts, so that J K L lie side by side on
 * every layout. `Mod` is Ctrl, or Cmd on a Mac.
 */
interface KeyRow {
  readonly group: KeyGroup;
  readonly chords: readonly string[];
  /** Whether holding the key repeats the action. */
  readonly repeats?: boolean;
}

const TABLE = {
  'toggle-play': { group: 'play', chords: ['Space'] },
  'shuttle-back': { group: 'play', chords: ['KeyJ'] },
  'shuttle-stop': { group: 'play', chords: ['KeyK'] },
  'shuttle-forward': { group: 'play', chords: ['KeyL'] },
  mute: { group: 'play', chords: ['KeyS'] },
  'full-screen': { group: 'play', chords: ['KeyF'] },
  'frame-back': { group: 'go', chords: ['ArrowLeft'], repeats: true },
  'frame-forward': { group: 'go', chords: ['ArrowRight'], repeats: true },
  'second-back': { group: 'go', chords: ['Shift+ArrowLeft'], repeats: true },
  'second-forward': { group: 'go', chords: ['Shift+ArrowRight'], repeats: true },
  'ten-seconds-back': { group: 'go', chords: ['Alt+ArrowLeft'], repeats: true },
  'ten-seconds-forward': { group: 'go', chords: ['Alt+ArrowRight'], repeats: true },
  'window-start': { group: 'go', chords: ['Home'] },
  'live-edge': { group: 'go', chords: ['End'] },
  'type-time': { group: 'go', chords: ['KeyG'] },
  'zoom-in': { group: 'go', chords: ['Equal', 'NumpadAdd'], repeats: true },
  'zoom-out': { group: 'go', chords: ['Minus', 'NumpadSubtract'], repeats: true },
  'mark-in': { group: 'mark', chords: ['KeyI'] },
  'mark-out': { group: 'mark', chords: ['KeyO'] },
  'go-in': { group: 'mark', chords: ['Shift+KeyI'] },
  'go-out': { group: 'mark', chords: ['Shift+KeyO'] },
  'clear-in': { group: 'mark', chords: ['Alt+KeyI'] },
  'clear-out': { group: 'mark', chords: ['Alt+KeyO'] },
  'clear-marks': { group: 'mark', chords: ['KeyX'] },
  'play-in': { group: 'mark', chords: ['Comma'] },
  'play-out': { group: 'mark', chords: ['Period'] },
  loop: { group: 'mark', chords: ['Slash'] },
  'set-mark': { group: 'moment', chords: ['KeyM'] },
  'previous-mark': { group: 'moment', chords: ['Shift+ArrowUp'], repeats: true },
  'next-mark': { group: 'moment', chords: ['Shift+ArrowDown'], repeats: true },
  'mark-to-window': { group: 'moment', chords: ['Shift+KeyM'] },
  cut: { group: 'cut', chords: ['KeyE'] },
  'cut-held': { group: 'cut', chords: ['Shift+KeyE'] },
  'cut-last-15': { group: 'cut', chords: ['Digit1', 'Numpad1'] },
  'cut-last-30': { group: 'cut', chords: ['Digit2', 'Numpad2'] },
  'cut-last-60': { group: 'cut', chords: ['Digit3', 'Numpad3'] },
  title: { group: 'cut', chords: ['KeyT'] },
  precision: { group: 'cut', chords: ['Shift+KeyP'] },
  undo: { group: 'cut', chords: ['Mod+KeyZ'] },
  redo: { group: 'cut', chords: ['Mod+Shift+KeyZ', 'Mod+KeyY'] },
  'confirm-suggestion': { group: 'clip', chords: ['KeyA'] },
  'adjust-suggestion': { group: 'clip', chords: ['KeyW'] },
  'dismiss-suggestion': { group: 'clip', chords: ['KeyD'] },
  'previous-clip': { group: 'clip', chords: ['ArrowUp'], repeats: true },
  'next-clip': { group: 'clip', chords: ['ArrowDown'], repeats: true },
  'open-clip': { group: 'clip', chords: ['KeyV', 'Enter'] },
  'clip-title': { group: 'clip', chords: ['Shift+KeyT'] },
  'close-clip': { group: 'clip', chords: ['Escape'] },
  'retry-clip': { group: 'clip', chords: ['KeyR'] },
  'delete-clip': { group: 'clip', chords: ['Backspace', 'Delete'] },
  'find-clip': { group: 'clip', chords: ['KeyQ'] },
  'next-channel': { group: 'page', chords: ['KeyC'] },
  screen: { group: 'page', chords: ['KeyB'] },
  rules: { group: 'page', chords: ['Shift+KeyR'] },
  'key-sheet': { group: 'page', chords: ['Shift+Slash', 'Shift+Minus', 'F1'] },
  settings: { group: 'page', chords: ['Mod+Comma'] },
} as const satisfies Record<string, KeyRow>;

/** The id of an action. */
export type KeyAction = keyof typeof TABLE;

/** The table, in the order of the key sheet. */
export const KEYS: Readonly<Record<KeyAction, KeyRow>> = TABLE;

/** The ids of all actions, in the order of the table. */
export const KEY_ACTIONS = Object.keys(TABLE) as readonly KeyAction[];

/** The part of an event that a chord is made of. */
export type KeyPress = Pick<KeyboardEvent, 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

/** The chord of a key press. A modifier alone is none. */
export function chordOf(press: KeyPress): string | undefined {
  if (/^(Alt|Control|Meta|OS|Shift)/.test(press.code) || !press.code) return undefined;
  const modifiers = [
    (press.ctrlKey || press.metaKey) && 'Mod',
    press.altKey && 'Alt',
    press.shiftKey && 'Shift',
  ].filter(Boolean);
  return [...modifiers, press.code].join('+');
}

/** The remapped chords, by action. An empty list means that the action has no key. */
export type KeyMap = Readonly<Partial<Record<string, readonly string[]>>>;

/** The chords of an action. */
export function chordsOf(action: KeyAction, remapped: KeyMap): readonly string[] {
  return remapped[action] ?? KEYS[action].chords;
}

/** The action of a chord. A remapped action wins over one that has the chord by default. */
export function actionOf(chord: string, remapped: KeyMap): KeyAction | undefined {
  return (
    KEY_ACTIONS.find((it) => remapped[it]?.includes(chord)) ??
    KEY_ACTIONS.find((it) => !remapped[it] && KEYS[it].chords.includes(chord))
  );
}

/** Gives an action a chord, and takes the chord from the action that had it. */
export function remap(
  remapped: KeyMap,
  action: KeyAction,
  chord: string,
): Record<string, string[]> {
  const owner = actionOf(chord, remapped);
  const next: Record<string, string[]> = {};
  for (const [it, chords] of Object.entries(remapped)) if (chords) next[it] = [...chords];
  if (owner && owner !== action) {
    next[owner] = chordsOf(owner, remapped).filter((it) => it !== chord);
  }
  next[action] = [chord];
  return next;
}

/** The map as a file to take to another computer. */
export function exportKeys(remapped: KeyMap): string {
  return `${JSON.stringify({ matchcut: 'keys', version: 1, keys: remapped }, null, 2)}\n`;
}

/** Reads a file of `exportKeys`. Throws if the text is none; ignores actions that no longer exist. */
export function importKeys(text: string): Record<string, string[]> {
  const file: unknown = JSON.parse(text);
  const keys = typeof file === 'object' && file !== null && 'keys' in file ? file.keys : undefined;
  if (typeof keys !== 'object' || keys === null) throw new Error('the file has no keys');
  const next: Record<string, string[]> = {};
  for (const [action, chords] of Object.entries(keys)) {
    if (!Array.isArray(chords) || chords.some((it) => typeof it !== 'string')) {
      throw new Error(`the keys of ${action} are not a list of chords`);
    }
    if (action in KEYS) next[action] = chords as string[];
  }
  return next;
}
