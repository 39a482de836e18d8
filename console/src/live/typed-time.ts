/** Reads a time that an operator types: `13:05`, `13:30:58:03`, `-40m`. */

/** What a typed time is read by. */
export interface TypedTimeContext {
  /** The live edge: times of the day are the last ones before it, `-40m` counts back from it. */
  readonly edge: number;
  readonly zone: 'utc' | 'local';
  readonly fps: number;
  /** Whether the time may lie after the edge: the end of a clip may. */
  readonly mayBeAhead?: boolean;
}

const BACK = /^[-−–]\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+(?:[.,]\d+)?)\s*s?)?$/i;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})|[:;](\d{1,2}))?)?$/;
/** How far ahead of the edge a time may lie, if it may. */
const AHEAD_MS = 4 * 3_600_000;
const DAY_MS = 86_400_000;

/** The time in ms since 1970; nothing if the text is no time. */
export function parseTypedTime(text: string, context: TypedTimeContext): number | undefined {
  const typed = text.trim();
  const back = BACK.exec(typed);
  if (back && /\d/.test(typed)) {
    const [hours, minutes, seconds] = back.slice(1, 4).map((it) => toNumber(it));
    return context.edge - ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000;
  }
  const clock = CLOCK.exec(typed);
  return clock ? timeOfDay(clock, context) : undefined;
}

function timeOfDay(clock: RegExpExecArray, context: TypedTimeContext): number | undefined {
  const { edge, zone, fps, mayBeAhead } = context;
  const latest = edge + (mayBeAhead ? AHEAD_MS : 1000);
  const [hours, minutes, seconds] = clock.slice(1, 4).map((it) => toNumber(it));
  if ((hours ?? 0) > 23 || (minutes ?? 0) > 59 || (seconds ?? 0) > 59) return undefined;
  const [fraction, frames] = [clock[4], clock[5]];
  if (frames !== undefined && Number(frames) >= fps) return undefined;
  // The middle of the frame is inside of it, however its start is rounded.
  const ms = fraction
    ? Number(fraction.padEnd(3, '0'))
    : frames !== undefined
      ? ((Number(frames) + 0.5) * 1000) / fps
      : 0;
  const day = new Date(edge);
  const whole =
    zone === 'utc'
      ? day.setUTCHours(hours ?? 0, minutes ?? 0, seconds ?? 0, 0)
      : day.setHours(hours ?? 0, minutes ?? 0, seconds ?? 0, 0);
  const time = whole + ms;
  if (time > latest) return time - DAY_MS;
  return time + DAY_MS <= latest ? time + DAY_MS : time;
}

/**
 * The time of the day that is nearest to a date, in ms since 1970: `13:05`, `13:30:58:03`. Nothing if the
 * text is no such time.
 */
export function parseTimeNear(
  text: string,
  date: number,
  { zone, fps }: Pick<TypedTimeContext, 'zone' | 'fps'>,
): number | undefined {
  const clock = CLOCK.exec(text.trim());
  return clock ? timeOfDay(clock, { edge: date + DAY_MS / 2, zone, fps }) : undefined;
}

/** The frame of the second that a date lies in: the last two digits of `13:30:58:03`. */
export function frameOfSecond(date: number, fps: number): number {
  const ms = ((date % 1000) + 1000) % 1000;
  return Math.floor((ms * fps) / 1000 + 0.001);
}

function toNumber(text: string | undefined): number {
  return text ? Number(text.replace(',', '.')) : 0;
}
