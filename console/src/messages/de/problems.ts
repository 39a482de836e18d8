/** Problems of the API by their `type`, in German. */

import type { problems as en } from '../en/problems.ts';

export const problems = {
  unauthorized: 'Sie sind nicht angemeldet.',
  forbidden: 'Ihr Konto darf das nicht.',
  'not-found': 'Das gibt es nicht, oder es wurde gelöscht.',
  'not-retryable':
    'Dieser Clip kann nicht wiederholt werden: Er ist nicht fehlgeschlagen oder hatte fünf Versuche.',
  'upload-closed': 'Dieser Upload nimmt keine Teile mehr an.',
  'precondition-failed': 'Jemand hat diesen Clip inzwischen geändert.',
  'window-not-aired': 'Das Ende liegt mehr als vier Stunden nach dem Sendepunkt.',
  'window-expired': 'Der Kanal hält den Anfang dieses Fensters nicht mehr vor.',
  'window-unavailable': 'Der Stream war nicht während des ganzen Fensters auf Sendung.',
  'live-unreadable': 'Der Sendepunkt ist gerade unbekannt.',
  'no-program-date-time':
    'Dem Stream fehlen Zeitangaben. Die Technik muss PROGRAM-DATE-TIME am Endpunkt einschalten.',
  'not-ready': 'Dieser Clip ist nicht fertig.',
  'nothing-selected': 'Kein fertiger, gelisteter Clip hat diese Schlagwörter und ist kurz genug.',
  'media-unknown': 'Über das Material dieses Clips ist zu wenig bekannt. Schneiden Sie ihn neu.',
  'too-many-exports':
    'Vier Exporte eines Clips laufen gleichzeitig, und er behält 20. Versuchen Sie es, wenn einer fertig ist.',
  'clip-gone': 'Dieser Clip wurde inzwischen gelöscht.',
  'mark-gone': 'Diese Marke wurde gelöscht oder ist abgelaufen.',
  'mark-outside-stream': 'Der Kanal hat diesen Zeitpunkt nicht.',
  'clip-removed':
    'Der Clip wurde gelöscht, und seine Medien werden entfernt. Schneiden Sie ihn neu.',
  'not-scheduled': 'Anfang und Ende dieses Clips können sich jetzt nicht ändern.',
  'window-outside-media':
    'So weit reicht das Material dieses Clips nicht. Schneiden Sie einen neuen Clip.',
  'channel-not-controlled':
    'Der Encoder dieses Kanals wird dort gestartet und gestoppt, wo er läuft.',
  'channel-busy': 'MediaLive ändert den Kanal gerade. Versuchen Sie es in einer Minute erneut.',
  'not-suggested': 'Keine Regel hat diesen Clip vorgeschlagen, also gibt es nichts zu bestätigen.',
  'too-many-rules': 'Es gibt 100 Regeln, mehr gehen nicht. Löschen Sie eine.',
  unavailable: 'Der Dienst ist gestört. Bitte noch einmal versuchen.',
} satisfies typeof en;
