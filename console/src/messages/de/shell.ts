/** The frame of the console: login, navigation, banners; in German. */

import type { shell as en } from '../en/shell.ts';

export const shell = {
  title: 'Regiepult',
  skip: 'Zum Inhalt springen',
  live: 'Live',
  library: 'Bibliothek',
  keys: 'Tasten',
  settings: 'Einstellungen',
  clips: 'Clips',
  login: 'Anmelden',
  loginAs: 'Mit anderem Namen anmelden',
  logout: 'Abmelden',
  loggedOut: 'Clips schneiden, während die Sendung läuft.',
  loginFailed: (reason: string) => `Die Anmeldung ist fehlgeschlagen: ${reason}`,
  expired: 'Die Sitzung ist abgelaufen. Bitte neu anmelden: Marken und Clips bleiben erhalten.',
  account: (name: string) => `Angemeldet als ${name}`,
  unavailable: 'Der Dienst ist nicht erreichbar. Ein neuer Versuch läuft von selbst.',
  notices: 'Hinweise',
  close: 'Schließen',
} satisfies typeof en;
