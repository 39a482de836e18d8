/** A position in a clip as operators read and type it: `1:05.240`. */

const POSITION = /^(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,5})(?:[.,](\d{1,3}))?$/;

/** `0:05.240`, `1:02:03.000`. */
export function formatPosition(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60];
  const rest = `${pad(Math.floor(whole / 1000) % 60)}.${pad(whole % 1000, 3)}`;
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** The position in ms; nothing if the text is none. `75.5` is 75.5 s. */
export function parsePosition(text: string): number | undefined {
  const found = POSITION.exec(text.trim());
  if (!found) return undefined;
  const [hours, minutes, seconds] = found.slice(1, 4).map((it) => Number(it ?? 0));
  const hasMinutes = found[2] !== undefined;
  if (hasMinutes && ((seconds ?? 0) > 59 || (found[1] !== undefined && (minutes ?? 0) > 59)))
    return undefined;
  const fraction = Number((found[4] ?? '').padEnd(3, '0'));
  return ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000 + fraction;
}
