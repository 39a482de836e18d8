/** The dialog that makes a reel, in German. */

import type { reel as en } from '../en/reel.ts';

export const reel = {
  heading: 'Clips zusammenschneiden',
  title: 'Titel des Zusammenschnitts',
  name: 'Zusammenschnitt',
  list: 'Clips des Zusammenschnitts',
  hint: 'Die Clips in ihre Reihenfolge ziehen, oder mit den Pfeilen oder Alt mit ↑ und ↓ verschieben.',
  earlier: (clip) => `${clip} nach oben`,
  later: (clip) => `${clip} nach unten`,
  takeOut: (clip) => `${clip} herausnehmen`,
  isAt: (clip, place, count) => `${clip}: Platz ${place} von ${count}`,
  isOut: (clip) => `${clip} ist heraus.`,
  sum: (count, length) => `${count} Clips, zusammen ${length}`,
  problems: {
    'too-few':
      'Ein Zusammenschnitt braucht mindestens zwei Clips. Weitere Clips in der Bibliothek ankreuzen.',
    'not-ready': 'Nicht jeder Clip ist fertig. Warten, bis er es ist, oder ihn herausnehmen.',
  },
  tooMany: (count) => `Ein Zusammenschnitt hat höchstens 50 Clips. ${count} herausnehmen.`,
  make: 'Zusammenschneiden',
  making: 'Wird gesendet …',
  cancel: 'Abbrechen',
  failed: (reason) => `Der Zusammenschnitt wurde nicht begonnen. ${reason}`,
  refused: (clip, reason) =>
    `Der Zusammenschnitt wurde wegen ${clip} nicht begonnen. ${reason} Oder den Clip herausnehmen.`,
  made: (title) => `${title} wird hergestellt`,
} satisfies typeof en;
