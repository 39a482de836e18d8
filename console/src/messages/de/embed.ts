/** The embedded player in German. */

import type { EmbedMessages } from '../../viewer/embed-player.ts';

export const embed: EmbedMessages = {
  play: (title) => `Abspielen: ${title}`,
  video: (title) => `Video: ${title}`,
  untitled: 'Clip ohne Titel',
  openPage: (title) => `${title} (öffnet die Seite des Clips in einem neuen Tab)`,
  loading: 'Der Clip wird geladen',
  waiting: 'Dieser Clip entsteht gerade. Er startet hier von selbst.',
  gone: 'Dieser Clip ist nicht verfügbar.',
  offline: 'Keine Verbindung. Der Clip startet hier von selbst.',
  refused: 'Melden Sie sich auf der Seite des Clips an, um ihn zu sehen.',
  failed: 'Dieser Clip kann hier nicht abgespielt werden.',
  position: 'Stelle im Clip',
  positionOf: (time, length) => `${time} von ${length}`,
  sound: 'Ton',
  captions: 'Untertitel',
  noCaptions: 'Ohne Untertitel',
};
