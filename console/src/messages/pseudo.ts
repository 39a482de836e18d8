/** Makes a pseudo-language of English: accented, and 30 % longer, as many translations are. */

const ACCENTED: Readonly<Record<string, string>> = {
  a: 'á',
  c: 'ç',
  e: 'é',
  i: 'î',
  n: 'ñ',
  o: 'ö',
  u: 'ü',
  A: 'Å',
  C: 'Ç',
  E: 'É',
  I: 'Î',
  O: 'Ø',
  U: 'Û',
};

/** The same messages with every text replaced by a longer one. */
export function pseudo<T>(messages: T): T {
  if (typeof messages === 'string') return lengthen(messages) as T;
  if (typeof messages === 'function') {
    return ((...values: unknown[]) => pseudo(messages(...values))) as T;
  }
  if (typeof messages !== 'object' || messages === null) return messages;
  return Object.fromEntries(
    Object.entries(messages).map(([name, message]) => [name, pseudo(message)]),
  ) as T;
}

function lengthen(text: string): string {
  if (!text) return text;
  const accented = text.replace(/[a-zA-Z]/g, (it) => ACCENTED[it] ?? it);
  return `[${accented}${'~'.repeat(Math.max(1, Math.ceil(text.length * 0.3) - 2))}]`;
}
