/** Files of a clip for use elsewhere, in English. */

import type { CaptionChoice } from '../../export/captions.ts';
import type { Aspect } from '../../export/crop.ts';
import type { Export } from '../../export/exports.svelte.ts';

type CaptionKind = CaptionChoice['kind'];

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
  part: 'Part of the clip',
  position: 'Frame that is shown',
  from: 'Start',
  to: 'End',
  startHere: 'Start at this frame',
  endHere: 'End with this frame',
  length: (length: string) => `${length} are exported.`,
  noClock: 'This is no time. Write 13:30:58.120 or 13:30:58:03.',
  noPosition: 'This is no time. Write 1:05.240 or 65.24, counted from the start of the clip.',
  tooEarly: (time: string) => `The clip has nothing before ${time}. Write a later time.`,
  tooLate: (time: string) => `The clip has nothing after ${time}. Write an earlier time.`,
  endBeforeStart: 'The end must be later than the start.',
  start: 'Start the export',
  starting: 'Starting…',
  cancel: 'Cancel',
  failed: (reason: string) => `The export was not started. ${reason}`,
  tooFast: 'Too many requests at once. Wait a few seconds and press again.',
  sound: 'Sound',
  defaultSound: 'As players start',
  captions: 'Captions',
  captionKinds: {
    none: 'Leave out',
    'burned-in': 'In the picture',
    sidecar: 'Files beside it (.vtt, .srt)',
  } satisfies Record<CaptionKind, string> as Record<CaptionKind, string>,
  captionLanguage: 'Language of the captions in the picture',
  captionsInVideo:
    'The captions are in the video of this clip, from where they cannot be drawn into the picture.',
  withCaptions: (language: string) => `captions: ${language}`,
  captionFileOf: (name: string, format: string) => `Download the captions ${name} as .${format}`,
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
