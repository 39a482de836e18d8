/** The trim of a ready clip, in German. */

import type { FailureCode } from '../../clip/clip.ts';
import type { TrimEffect, TrimProblem } from '../../trim/trim-window.ts';
import type { trim as en } from '../en/trim.ts';

export const trim = {
  open: 'Nachschneiden',
  title: 'Clip nachschneiden',
  keys: (set: string, step: string) =>
    `Solange dies offen ist, setzen ${set} hier In und Out, und ${step} bewegen dieses Bild.`,
  timeline: 'Zeitleiste des Clips',
  media: 'Material des Clips',
  frameEarlier: (name: string) => `${name} ein Bild früher`,
  frameLater: (name: string) => `${name} ein Bild später`,
  timeHint: '13:30:58:03',
  noTime: 'Das ist keine Zeit. Zum Beispiel 13:30:58 oder 13:30:58:03.',
  length: (length: string, before: string) => `${length}, vorher ${before}`,
  effects: {
    none: 'In oder Out verschieben: ziehen, Zeit eintippen oder Taste drücken.',
    inside: 'Innerhalb des Materials: Zuschauer sehen den neuen Schnitt sofort.',
    'inside-exact':
      'Innerhalb des Materials: Zuschauer sehen den neuen Schnitt sofort. Die bildgenaue Fassung entsteht neu.',
    beyond:
      'Außerhalb des Materials: Der Clip wird neu geholt. Der alte Schnitt läuft, bis der neue geprüft ist.',
    'beyond-exact':
      'Außerhalb des Materials: Neues Material entsteht. Bis dahin zeigt der Clip, was er hat.',
    'beyond-own':
      'Außerhalb des Materials: Neues Material entsteht nur, so weit die Segmente des Clips reichen.',
  } satisfies Record<TrimEffect, string> as Record<TrimEffect, string>,
  problems: {
    'too-short': 'Ein Clip dauert mindestens 1 s. Schieben Sie In und Out auseinander.',
    'too-short-beyond':
      'Außerhalb des Materials dauert ein Clip mindestens zwei Segmente. Schieben Sie In und Out auseinander.',
    'too-long': 'Der Clip wäre länger als das Startover-Fenster oder als 24 Stunden.',
    'not-kept': 'Der Kanal hält das nicht mehr vor. Bleiben Sie innerhalb des Materials.',
    'not-aired': 'Das Ende ist noch nicht gesendet. Versuchen Sie es danach noch einmal.',
    'too-often': 'Der Clip wurde zu oft neu gemacht. Schneiden Sie einen neuen.',
  } satisfies Record<TrimProblem, string> as Record<TrimProblem, string>,
  save: 'Speichern',
  cancel: 'Abbrechen',
  saved: (length: string) => `Gespeichert. Der Clip dauert ${length}.`,
  didTrim: (title: string, length: string) => `„${title}“ auf ${length} nachgeschnitten`,

  remake: (window: string, state: string) =>
    `Der neue Schnitt ${window} ${state}. Bis dahin läuft der alte.`,
  remakeStates: {
    queued: 'wartet',
    harvesting: 'wird geholt',
    transcoding: 'wird gewandelt',
    packaging: 'wird verpackt',
    failed: 'fehlgeschlagen',
  },
  remakeFailed: (window: string, reason: string) =>
    `Der neue Schnitt ${window} konnte nicht gemacht werden: ${reason} Der Clip behält den alten.`,
  remakeRemedies: {
    'not-aired': 'Schneiden Sie ihn auf das zu, was gesendet wurde.',
    'window-unavailable': 'Schneiden Sie ihn auf das zu, was auf Sendung war.',
    'window-expired': 'Schneiden Sie ihn innerhalb seines Materials zu.',
    'transcode-refused': 'Ein Export kann genau diese Bilder haben.',
  } as Partial<Record<FailureCode, string>>,
  remakeAgain: 'Erneut versuchen',
  remakeCancel: 'Alten Schnitt behalten',
  exact: (window: string | undefined, percent: string | undefined) => {
    const state = percent ? `entsteht: ${percent}` : 'wird verpackt';
    return window
      ? `Die bildgenaue Fassung des neuen Schnitts ${window} ${state}. Bis dahin läuft der alte.`
      : `Die bildgenaue Fassung ${state}. Der Clip läuft bis dahin weiter.`;
  },
  exactFailed: (window: string | undefined, reason: string) =>
    window
      ? `Die bildgenaue Fassung des neuen Schnitts ${window} konnte nicht gemacht werden: ${reason} Der Clip behält den alten.`
      : `Die bildgenaue Fassung konnte nicht gemacht werden: ${reason} Der Clip behält sein Material.`,
  exactFailures: {
    'transcode-refused':
      'Der Wandlungsauftrag wurde abgelehnt. Clips mit Untertiteln oder mehr als einem Ton bleiben auf Segmente geschnitten.',
  } as Partial<Record<FailureCode, string>>,
  saysExact: (title: string) => `${title} ist bildgenau`,
  saysExactFailed: (title: string, reason: string) =>
    `Die bildgenaue Fassung von ${title} konnte nicht gemacht werden: ${reason}`,
  saysRemade: (title: string) => `${title} zeigt den neuen Schnitt`,
  saysRemakeFailed: (title: string, reason: string) =>
    `Der neue Schnitt von ${title} konnte nicht gemacht werden: ${reason}`,
} satisfies typeof en;
