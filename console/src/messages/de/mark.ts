/** The marks of a channel, in German. */

import type { mark as en } from '../en/mark.ts';

export const mark = {
  title: 'Marken',
  label: 'Name der Marke',
  labelHint: 'Name, etwa goal',
  set: 'Marke',
  setHint: 'Marke an diesem Bild setzen',
  previous: 'Vorherige Marke',
  next: 'Nächste Marke',
  toWindow: 'In/Out',
  toWindowHint: 'In und Out von der Marke an diesem Bild oder davor',
  list: (count) => (count === 1 ? '1 Marke' : `${count} Marken`),
  none: 'Noch keine Marken.',
  newest: (count) => `Die neuesten ${count} sind aufgeführt.`,
  go: (label, time) => `Zu ${label} um ${time}`,
  remove: (label, time) => `${label} um ${time} entfernen`,
  sending: 'wird gesendet',
  from: (source) => `von ${source}`,
  more: (count) => `+${count}`,
  flag: (label, time, more) => [`${label}, ${time}`, more].filter(Boolean).join('\n'),

  didMark: (label, time) => `Marke „${label}“ um ${time}`,
  didRemove: (label, time) => `Marke „${label}“ um ${time} entfernt`,
  didWindow: (label, time) => `In und Out von „${label}“ um ${time}`,
  saysMark: (label, time) => `${label}, ${time}`,
  noneBefore: 'Keine Marke an diesem Bild oder davor.',
  noneHere: 'Keine Marke in dieser Richtung.',
  refused: {
    setting: (label, reason) => `Die Marke „${label}“ wurde nicht gesetzt. ${reason}`,
    removing: (label, reason) => `Die Marke „${label}“ wurde nicht entfernt. ${reason}`,
  },
  dismiss: 'Schließen',
} satisfies typeof en;
