/** Shows dates as operators read them: `13:30:58:03`, the last two digits counting frames. */

import type { Format } from '../messages/format.ts';
import { frameOfSecond } from './typed-time.ts';

/** `13:30:58:03`. */
export function timecode(date: number, fps: number, format: Format): string {
  // The start of a frame may lie a fraction of a millisecond before the second it belongs to.
  const shown = date + 0.01;
  return `${format.time(shown)}:${String(frameOfSecond(shown, fps)).padStart(2, '0')}`;
}

/** A distance in time, as short as it can be read: `6 s`, `4:10`, `1:02:03`. */
export function distance(ms: number, format: Format, digits = 0): string {
  return ms < 60_000 ? format.seconds(ms, digits) : format.duration(ms);
}
