/** Uploads, in German. */

import type { CaptionProblem } from '../../upload/caption-files.ts';
import type { upload as en } from '../en/upload.ts';

export const upload = {
  title: 'Uploads',
  hint: 'Videodateien irgendwo auf diese Seite ziehen.',
  chooseFiles: 'Dateien wählen',
  chooseFolder: 'Ordner wählen',
  drop: 'Loslassen zum Hochladen',
  dropNote: 'Auch die Videos in Ordnern werden übernommen.',
  clear: 'Fertige entfernen',

  dialogTitle: (count: number) =>
    count === 1 ? 'Eine Datei hochladen' : `${count} Dateien hochladen`,
  fileTitle: 'Titel',
  fileTitleOf: (name: string) => `Titel von ${name}`,
  at: 'Zeit des Ereignisses',
  atOf: (name: string) => `Zeit des Ereignisses von ${name}`,
  atNote: (zone: string) =>
    `Clips werden nach der Zeit des aufgezeichneten Ereignisses sortiert (${zone}). Sie lässt sich später nicht ändern.`,
  utc: 'UTC',
  local: 'Ortszeit',
  competition: 'Wettbewerb',
  tags: 'Schlagwörter',
  holdBack: 'Zurückhalten: Zuschauern noch nicht zeigen',
  addCaptions: 'Untertitel dazu',
  addCaptionsTo: (name: string) => `Untertitel zu ${name}`,
  addChannel: 'Untertitel im Video',
  addChannelOf: (name: string) => `Untertitel im Video ${name}`,
  channelIn: (name: string) => `Kanal in ${name}`,
  channelOf: (channel: string) => `Untertitel ${channel}`,
  channelName: 'Name beim Abspielen',
  channelNameOf: (channel: string) => `Name der Untertitel ${channel} beim Abspielen`,
  captionLanguageOf: (name: string) => `Sprache von ${name}`,
  languageHint: 'Ein Sprachkürzel wie de, en oder pt-BR',
  removeCaptions: (name: string) => `${name} weglassen`,
  defaultSound: 'Beginnt mit dem Ton in',
  defaultSoundOf: (name: string) => `Sprache des Tons, mit dem ${name} beginnt`,
  firstSound: 'erster Ton',
  captionProblems: {
    'no-language': 'Geben Sie die Sprache aller Untertitel an: ein Kürzel wie de, en oder pt-BR.',
    'same-language':
      'Zwei Untertitel haben dieselbe Sprache oder denselben Namen. Lassen Sie einen weg, oder benennen Sie den im Video.',
    'too-many': 'Ein Video nimmt zehn Untertitel. Lassen Sie einige weg.',
    'too-large': 'Eine Untertiteldatei hat höchstens 1 MB, alle eines Videos höchstens 3 MB.',
  } satisfies Record<CaptionProblem, string> as Record<CaptionProblem, string>,
  strayCaptions: (count: number) =>
    count === 1
      ? 'Eine Untertiteldatei wurde ausgelassen: Ihr Name beginnt wie kein Video. Fügen Sie sie unten hinzu.'
      : `${count} Untertiteldateien wurden ausgelassen: Ihre Namen beginnen wie kein Video. Fügen Sie sie unten hinzu.`,
  remove: (name: string) => `${name} nicht hochladen`,
  leftOut: (count: number) =>
    count === 1
      ? 'Eine Datei wurde ausgelassen: Sie ist leer oder kein Video.'
      : `${count} Dateien wurden ausgelassen: Sie sind leer oder keine Videos.`,
  nothing: 'Darin ist kein Video.',
  start: (size: string) => `${size} hochladen`,
  cancelDialog: 'Abbrechen',

  progressOf: (name: string) => `Fortschritt von ${name}`,
  sent: (sent: string, size: string) => `${sent} von ${size}`,
  speed: (bytes: string) => `${bytes}/s`,
  left: (time: string) => `noch ${time}`,
  lost: 'Die Verbindung ist weg. Es geht von selbst weiter.',
  joining: 'Gesendet; die Teile werden zusammengefügt',
  arrived: 'Angekommen',
  needsFile: (name: string) => `${name} noch einmal wählen, um fortzufahren`,
  needsPermission: 'Die Seite wurde neu geladen',
  goOn: 'Fortfahren',
  chooseAgain: 'Wählen',
  elsewhere: 'Ein anderer Tab dieses Browsers sendet sie',
  retry: 'Noch einmal versuchen',
  cancel: (name: string) => `Upload von ${name} abbrechen`,
  reallyCancel: 'Diesen Upload abbrechen?',
  yesCancel: 'Abbrechen',
  keep: 'Weiter',
  dismiss: (name: string) => `${name} aus dieser Liste entfernen`,
  open: (title: string) => `${title} öffnen`,
  cancelFailed:
    'Der Upload wurde beendet, aber sein Clip nicht gelöscht. Bitte in der Liste löschen.',

  fileChanged:
    'Die Datei wurde geändert, verschoben oder gelöscht. Bitte als neuen Upload noch einmal wählen.',
  refused:
    'Der Speicher lehnt die Datei ab. Bitte die Uhr dieses Rechners prüfen und es erneut versuchen.',
  closed: 'Die Zeit für diesen Upload ist abgelaufen. Bitte noch einmal hochladen.',
  unknown: 'Der Upload ist fehlgeschlagen.',

  summary: (sending: number, waiting: number) =>
    [
      sending === 1 ? '1 Upload läuft' : sending ? `${sending} Uploads laufen` : '',
      waiting === 1
        ? '1 Upload wartet auf Sie'
        : waiting
          ? `${waiting} Uploads warten auf Sie`
          : '',
    ]
      .filter(Boolean)
      .join(', '),
} satisfies typeof en;
