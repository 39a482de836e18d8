/** Words for a clip: its title and its times, in the language and the zone of the viewer. */

import { f, t } from '../messages/viewer.svelte.ts';
import { settings } from '../settings/settings.svelte.ts';
import { type Clip, startOf } from './part.ts';

/** The title of a clip. */
export function titleOf({ meta }: Pick<Clip, 'meta'>): string {
  return meta.title || t.list.untitled;
}

/** `13:30` for a clip of today, `3 Feb, 13:30` for another one. */
export function shortTime(clip: Clip, now: number): string {
  const at = startOf(clip);
  const day = dayOf(at) === dayOf(now) ? {} : ({ day: 'numeric', month: 'short' } as const);
  return formatTime(at, day);
}

/** `13:30`: the time alone. */
export function clockTime(at: number): string {
  return formatTime(at, {});
}

/** `3 February 2020, 14:30 your time (13:30 UTC)`, or `3 February 2020, 13:30 UTC`. */
export function longTime(clip: Clip): string {
  const at = startOf(clip);
  const day = { day: 'numeric', month: 'long', year: 'numeric' } as const;
  const time = formatTime(at, day);
  const utc = formatTime(at, {}, 'UTC');
  const isUtc = settings.times === 'utc' || formatTime(at, day, 'UTC') === time;
  return isUtc ? t.clip.utcTime(time) : t.clip.yourTime(time, utc);
}

function formatTime(at: number, day: Intl.DateTimeFormatOptions, zone = zoneName()): string {
  return new Intl.DateTimeFormat(f().options.locale, {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(zone && { timeZone: zone }),
  }).format(at);
}

function zoneName(): string | undefined {
  return settings.times === 'utc' ? 'UTC' : undefined;
}

function dayOf(at: number): string {
  const zone = zoneName();
  return new Intl.DateTimeFormat('en', zone ? { timeZone: zone } : {}).format(at);
}
