/** Files of a clip for use elsewhere, in English. */

import type { Aspect } from '../../export/crop.ts';
import type { Export } from '../../export/exports.svelte.ts';

export const exporting = {
  title: 'Export',
  heading: 'Export an MP4',
  open: 'Export…',
  aspect: 'Aspect ratio',
  aspects: {
    source: 'Source',
    '16:9': '16:9',
    '9:16': '9:16 upright',
    '1:1': '1:1 square',
    '4:5': '4:5 upright',
  } satisfies Record<Aspect, string> as Record<Aspect, string>,
  crop: 'Position of the cut-out',
  cropHint: 'Drag the frame, or move it with the arrow keys.',
  cropWhole: 'The whole picture is exported.',
  across: (percent: string) => `${percent} from the left`,
  down: (percent: string) => `${percent} from the top`,
  height: 'Height',
  heightOfSource: 'As cut out',
  heightOf: (pixels: number) => `${pixels} pixels`,
  startAt: (time: string) => `Start at the shown frame, ${time}`,
  start: 'Start the export',
  starting: 'Starting…',
  cancel: 'Cancel',
  failed: (reason: string) => `The export was not started. ${reason}`,
  tooFast: 'Too many requests at once. Wait a few seconds and press again.',
  list: 'Exports of this clip',
  states: {
    queued: 'Waits',
    encoding: 'Encoding',
    ready: 'Ready',
    failed: 'Failed',
  } satisfies Record<Export['status'], string> as Record<Export['status'], string>,
  size: (width: number, height: number) => `${width}×${height}`,
  expires: (time: string) => `until ${time}`,
  download: 'Download',
  downloadOf: (aspect: string, size: string) => `Download ${aspect}, ${size}`,
  noDownload: (reason: string) => `The file cannot be downloaded. ${reason}`,
  saysReady: (aspect: string) => `Export ${aspect} is ready`,
  saysFailed: (aspect: string) => `Export ${aspect} failed`,
};
