/** The settings dialog, in German. */

import type { settings as en } from '../en/settings.ts';

export const settings = {
  title: 'Einstellungen',
  hint: 'Sie gelten für diesen Browser.',
  language: 'Sprache',
  ofBrowser: (language: string) => `Wie der Browser (${language})`,
  theme: 'Darstellung',
  themes: { system: 'Wie das System', dark: 'Dunkel', light: 'Hell' },
  times: 'Zeiten',
  zones: { utc: 'UTC', local: 'Dieses Rechners' },
  sound: 'Ton',
  soundOfFailures: 'Ein Ton, wenn ein Clip fehlschlägt',
  keys: 'Tasten',
  keysHint:
    'Eine Taste ist ihr Platz auf der Tastatur. Vergebene Tasten werden der anderen Funktion genommen.',
  find: 'Funktion suchen',
  none: 'Keine Funktion heißt so.',
  change: (action: string) => `Taste ändern: ${action}`,
  press: 'Taste drücken',
  reserved: 'Tab und Esc sind nicht möglich.',
  taken: (action: string) => `Genommen von: ${action}`,
  reset: (action: string) => `Übliche Taste: ${action}`,
  remove: (action: string) => `Taste entfernen: ${action}`,
  resetAll: 'Übliche Tasten',
  exportKeys: 'Exportieren',
  importKeys: 'Importieren',
  imported: 'Die Tasten sind importiert.',
  notImported: 'Diese Datei enthält keine Tasten des Pults.',
} satisfies typeof en;
