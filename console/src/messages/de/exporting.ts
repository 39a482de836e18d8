/** Files of a clip for use elsewhere, in German. */

import type { CaptionChoice } from '../../export/captions.ts';
import type { Aspect } from '../../export/crop.ts';
import type { Export } from '../../export/exports.svelte.ts';
import type { exporting as en } from '../en/exporting.ts';

type CaptionKind = CaptionChoice['kind'];

export const exporting = {
  title: 'Export',
  heading: 'MP4 exportieren',
  open: 'Exportieren …',
  aspect: 'Seitenverhältnis',
  aspects: {
    source: 'Quelle',
    '16:9': '16:9',
    '9:16': '9:16 hochkant',
    '1:1': '1:1 quadratisch',
    '4:5': '4:5 hochkant',
  } satisfies Record<Aspect, string> as Record<Aspect, string>,
  crop: 'Lage des Ausschnitts',
  cropHint: 'Ziehen Sie den Rahmen, oder bewegen Sie ihn mit den Pfeiltasten.',
  cropWhole: 'Das ganze Bild wird exportiert.',
  across: (percent: string) => `${percent} von links`,
  down: (percent: string) => `${percent} von oben`,
  height: 'Höhe',
  heightOfSource: 'Wie ausgeschnitten',
  heightOf: (pixels: number) => `${pixels} Pixel`,
  part: 'Teil des Clips',
  position: 'Gezeigtes Bild',
  from: 'Anfang',
  to: 'Ende',
  startHere: 'Mit diesem Bild beginnen',
  endHere: 'Mit diesem Bild enden',
  length: (length: string) => `${length} werden exportiert.`,
  noClock: 'Das ist keine Zeit. Zum Beispiel 13:30:58.120 oder 13:30:58:03.',
  noPosition: 'Das ist keine Zeit. Zum Beispiel 1:05.240 oder 65.24, gezählt vom Anfang des Clips.',
  tooEarly: (time: string) => `Vor ${time} hat der Clip nichts. Eine spätere Zeit angeben.`,
  tooLate: (time: string) => `Nach ${time} hat der Clip nichts. Eine frühere Zeit angeben.`,
  endBeforeStart: 'Das Ende muss nach dem Anfang liegen.',
  start: 'Export beginnen',
  starting: 'Beginnt …',
  cancel: 'Abbrechen',
  failed: (reason: string) => `Der Export wurde nicht begonnen. ${reason}`,
  tooFast: 'Zu viele Anfragen auf einmal. Warten Sie einige Sekunden, und drücken Sie noch einmal.',
  sound: 'Ton',
  defaultSound: 'Wie beim Abspielen',
  captions: 'Untertitel',
  captionKinds: {
    none: 'Weglassen',
    'burned-in': 'Im Bild',
    sidecar: 'Als Dateien daneben (.vtt, .srt)',
  } satisfies Record<CaptionKind, string> as Record<CaptionKind, string>,
  captionLanguage: 'Sprache der Untertitel im Bild',
  captionsInVideo:
    'Die Untertitel stecken im Video dieses Clips. Von dort lassen sie sich nicht ins Bild zeichnen.',
  withCaptions: (language: string) => `Untertitel: ${language}`,
  captionFileOf: (name: string, format: string) =>
    `Untertitel ${name} als .${format} herunterladen`,
  list: 'Exporte dieses Clips',
  states: {
    queued: 'Wartet',
    encoding: 'Wird kodiert',
    ready: 'Fertig',
    failed: 'Fehlgeschlagen',
  } satisfies Record<Export['status'], string> as Record<Export['status'], string>,
  size: (width: number, height: number) => `${width}×${height}`,
  expires: (time: string) => `bis ${time}`,
  download: 'Herunterladen',
  downloadOf: (aspect: string, size: string) => `${aspect}, ${size} herunterladen`,
  noDownload: (reason: string) => `Die Datei kann nicht heruntergeladen werden. ${reason}`,
  saysReady: (aspect: string) => `Export ${aspect} ist fertig`,
  saysFailed: (aspect: string) => `Export ${aspect} ist fehlgeschlagen`,
} satisfies typeof en;
