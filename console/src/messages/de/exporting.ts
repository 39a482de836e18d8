/** Files of a clip for use elsewhere, in German. */

import type { Aspect } from '../../export/crop.ts';
import type { Export } from '../../export/exports.svelte.ts';
import type { exporting as en } from '../en/exporting.ts';

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
  startAt: (time: string) => `Mit dem gezeigten Bild beginnen, ${time}`,
  start: 'Export beginnen',
  starting: 'Beginnt …',
  cancel: 'Abbrechen',
  failed: (reason: string) => `Der Export wurde nicht begonnen. ${reason}`,
  tooFast: 'Zu viele Anfragen auf einmal. Warten Sie einige Sekunden, und drücken Sie noch einmal.',
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
