/** Converts between times and the texts of `<input type="datetime-local">`. */

/** The zone in which an operator reads and types times. */
export type Zone = 'utc' | 'local';

/** The text of a time: `2020-02-03T13:30:58`. */
export function toInput(ms: number, zone: Zone): string {
  const offset = zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offset).toISOString().slice(0, 19);
}

/** The time of a text, in ms since 1970. Nothing, if the field is empty or half filled in. */
export function fromInput(text: string, zone: Zone): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return undefined;
  // A date and time without a zone is read as local time.
  const ms = Date.parse(zone === 'utc' ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}
