/** The label of a chord, as it is printed on the keyboard. */

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Backspace: '⌫',
  Delete: 'Del',
  Enter: '⏎',
  Escape: 'Esc',
  Space: 'Space',
  Comma: ',',
  Period: '.',
  Slash: '/',
  Minus: '-',
  Equal: '=',
  Semicolon: ';',
  Quote: '’',
  Backquote: '`',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  NumpadAdd: 'Num +',
  NumpadSubtract: 'Num −',
  NumpadEnter: 'Num ⏎',
};

/** The label of a chord. `printed` has the letters of the layout: on a German keyboard KeyZ is `y`. */
export function chordLabel(
  chord: string,
  printed: ReadonlyMap<string, string>,
  mac: boolean,
): string {
  const parts = chord.split('+');
  const code = parts.pop() ?? '';
  const modifiers = parts.map((it) => (it === 'Mod' ? (mac ? '⌘' : 'Ctrl') : it));
  const letter = printed.get(code);
  const key = letter?.trim()
    ? letter.toUpperCase()
    : (NAMES[code] ?? code.replace(/^(Key|Digit)/, '').replace(/^Numpad/, 'Num '));
  return [...modifiers, key].join(' ');
}
