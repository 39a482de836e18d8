/** The channels at the top of the console, in German. */

import type { ChannelCondition } from '../../channel/channels.svelte.ts';
import type { channel as en } from '../en/channel.ts';

export const channel = {
  channels: 'Kanäle',
  competition: 'Wettkampf',
  loading: 'Kanäle werden gelesen …',
  conditions: {
    'on-air': 'Auf Sendung',
    'no-picture': 'Kein Bild',
    stalled: 'Steht',
    starting: 'Startet',
    stopping: 'Stoppt',
    off: 'Aus',
    busy: 'Beschäftigt',
    failed: 'Fehler',
    unknown: 'Nicht zu sehen',
  } satisfies Record<ChannelCondition, string> as Record<ChannelCondition, string>,
  explanations: {
    'on-air': 'Das Bild ist live.',
    'no-picture':
      'Der Encoder läuft und kostet Geld, aber es kommt kein neues Bild. Prüfen Sie sein Eingangssignal.',
    stalled:
      'Der Encoder läuft und kostet Geld, aber seit mehr als 30 s kommt kein neues Bild. Ein Clip der letzten Sekunden zeigt, was davor gesendet wurde. Prüfen Sie sein Eingangssignal.',
    starting: 'MediaLive braucht etwa eine Minute zum Starten.',
    stopping: 'MediaLive braucht bis zu einer Minute zum Stoppen.',
    off: 'Der Encoder ist aus und kostet nichts.',
    busy: 'MediaLive ändert den Kanal gerade. Warten Sie eine Minute.',
    failed: 'MediaLive konnte den Kanal nicht anlegen oder ändern. Das muss ein Techniker ansehen.',
    unknown:
      'Diesen Kanal kodiert kein MediaLive-Kanal dieses Dienstes, und es kommt kein Bild an.',
  } satisfies Record<ChannelCondition, string> as Record<ChannelCondition, string>,
  show: (name: string) => `${name} zeigen`,
  details: (name: string) => `${name}: Zustand, Start und Stopp`,
  title: (name: string) => `Kanal ${name}`,
  state: 'Zustand',
  since: (time: string) => `seit ${time}`,
  price: 'Preis',
  perHour: (price: string) => `${price} je Stunde, solange er läuft`,
  soFar: (price: string) => `bisher etwa ${price}`,
  window: 'Schneidbar',
  windowFrom: (start: string, end: string) => `von ${start} bis ${end}`,
  clipsGoTo: 'Clips gehen an',
  alerts: 'Warnungen',
  alertCount: (count: number) => (count === 1 ? '1 Warnung' : `${count} Warnungen`),
  alertOf: (name: string, message: string) => `${name}: ${message}`,
  start: 'Kanal starten',
  startFor: (price: string) => `Für ${price} je Stunde starten`,
  startNote: (price: string) =>
    `Ab jetzt kostet der Kanal ${price} je Stunde, bis jemand ihn stoppt. Das Bild kommt nach etwa einer Minute.`,
  startNoteWithoutPrice: 'Ab jetzt kostet der Kanal Geld, bis jemand ihn stoppt.',
  stop: 'Kanal stoppen',
  stopNote: 'Das Livebild endet sofort für alle Zuschauer. Was auf Sendung war, bleibt schneidbar.',
  notControlled: 'Dieser Encoder wird dort gestartet und gestoppt, wo er läuft.',
  failedToStart: (reason: string) => `Der Kanal konnte nicht gestartet werden: ${reason}`,
  failedToStop: (reason: string) => `Der Kanal konnte nicht gestoppt werden: ${reason}`,
  cancel: 'Abbrechen',
  close: 'Schließen',
} satisfies typeof en;
