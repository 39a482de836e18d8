/** The viewer's pages in German. */

import type { ViewerMessages } from '../viewer.svelte.ts';

export const list: ViewerMessages['list'] = {
  clips: 'Clips',
  competitions: 'Wettbewerbe',
  tags: 'Schlagwörter',
  allTags: 'Alle Clips',
  order: 'Reihenfolge',
  newest: 'Neueste zuerst',
  oldest: 'Älteste zuerst',
  newClips: (count) => (count === 1 ? '1 neuer Clip' : `${count} neue Clips`),
  loading: 'Clips werden geladen',
  loadMore: 'Weitere Clips zeigen',
  empty: 'Noch keine Clips',
  emptyHint: 'Clips erscheinen hier von selbst, sobald sie geschnitten sind.',
  emptyTag: (tag) => `Keine Clips mit dem Schlagwort „${tag}“`,
  complete: (count) => (count === 1 ? '1 Clip' : `${count} Clips`),
  untitled: 'Clip ohne Titel',
  length: (duration) => `Länge ${duration}`,
  privateHint: 'Melden Sie sich an, um die Clips dieses Wettbewerbs zu sehen.',
};

export const clip: ViewerMessages['clip'] = {
  backToList: 'Alle Clips',
  moreClips: 'Weitere Clips',
  details: 'Über diesen Clip',
  yourTime: (time, utc) => `${time} Ihrer Zeit (${utc} UTC)`,
  utcTime: (time) => `${time} UTC`,
  length: (duration) => `Länge ${duration}`,
  tag: (tag) => `Clips mit dem Schlagwort „${tag}“`,
};

export const player: ViewerMessages['player'] = {
  video: (title) => `Video: ${title}`,
  position: 'Stelle im Clip',
  positionOf: (time: string, length: string) => `${time} von ${length}`,
  quality: 'Qualität',
  auto: 'Automatisch',
  autoPlaying: (quality) => `Automatisch (${quality})`,
  speed: 'Tempo',
  speedOf: (speed) => `${speed}×`,
  angle: 'Kamera',
  sound: 'Ton',
  captions: 'Untertitel',
  noCaptions: 'Aus',
  replay: 'Noch einmal ansehen',
  retry: 'Noch einmal versuchen',
  loading: 'Der Clip wird geladen',
  waiting: 'Dieser Clip entsteht gerade',
  waitingHint: 'Er startet hier von selbst, sobald er fertig ist.',
  scheduled: 'Dieser Clip ist noch nicht zu Ende',
  scheduledHint: (time) => `Er endet um ${time} und startet hier kurz danach von selbst.`,
  madeFailed: 'Dieser Clip konnte nicht erstellt werden',
  madeFailedHint: 'Wenn die Redaktion ihn wiederholt, startet er hier von selbst.',
  gone: 'Dieser Clip ist nicht verfügbar',
  goneHint: 'Er wurde gelöscht, oder der Link ist falsch.',
  offline: 'Keine Verbindung',
  offlineHint: 'Der Clip startet hier von selbst, sobald die Verbindung wieder da ist.',
  failed: 'Dieser Clip kann hier nicht abgespielt werden',
  failedHint: 'Der Browser kann ihn nicht dekodieren, oder ein Teil davon fehlt.',
  signIn: 'Melden Sie sich an, um diesen Clip zu sehen',
  refused: 'Ihr Konto darf diesen Clip nicht sehen',
};

export const share: ViewerMessages['share'] = {
  share: 'Teilen',
  title: 'Diesen Clip teilen',
  link: 'Link',
  startAt: (time) => `Ab ${time} abspielen`,
  embed: 'Code zum Einbetten',
  manifests: 'Für Player und Apps',
  hls: 'HLS-Manifest',
  dash: 'DASH-Manifest',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyOf: (name) => `Kopieren: ${name}`,
  send: 'An eine App senden',
};

export const shell: ViewerMessages['shell'] = {
  skip: 'Zu den Clips springen',
  language: 'Sprache',
  offline:
    'Keine Verbindung. Die Clips sind vielleicht nicht die neuesten; die Seite versucht es von selbst wieder.',
  signIn: 'Anmelden',
  signInFailed: (reason) => `Die Anmeldung ist fehlgeschlagen: ${reason}`,
  refused: 'Ihr Konto darf die Clips dieses Wettbewerbs nicht sehen.',
  imprint: 'Impressum',
  privacy: 'Datenschutz',
  links: 'Über diese Seite',
  close: 'Schließen',
  notFound: 'Diese Seite gibt es nicht',
  notFoundHint: 'Die Adresse ist falsch, oder die Seite wurde entfernt.',
};
