/** The trim of a ready clip, in English. */

import type { FailureCode } from '../../clip/clip.ts';
import type { TrimEffect, TrimProblem } from '../../trim/trim-window.ts';

export const trim = {
  open: 'Trim',
  title: 'Trim the clip',
  keys: (set: string, step: string) =>
    `While this is open, ${set} set in and out here, and ${step} move this picture.`,
  timeline: 'Timeline of the clip',
  media: 'Media of the clip',
  frameEarlier: (name: string) => `${name} one frame earlier`,
  frameLater: (name: string) => `${name} one frame later`,
  timeHint: '13:30:58:03',
  noTime: 'This is no time. Write 13:30:58 or 13:30:58:03.',
  length: (length: string, before: string) => `${length}, before ${before}`,
  effects: {
    none: 'Move in or out: drag, type a time, or press a key.',
    inside: 'Within the clip’s media: viewers see the new cut at once.',
    'inside-exact':
      'Within the clip’s media: viewers see the new cut at once. Exact frames are made again.',
    beyond:
      'Beyond the clip’s media: the clip is harvested again. The old cut plays until the new one is proven.',
    'beyond-exact':
      'Beyond the clip’s media: new media is made. The clip plays what it has meanwhile.',
    'beyond-own':
      'Beyond the clip’s media: new media can be made only as far as the clip’s segments reach.',
  } satisfies Record<TrimEffect, string> as Record<TrimEffect, string>,
  problems: {
    'too-short': 'A clip lasts at least 1 s. Move in and out apart.',
    'too-short-beyond':
      'Beyond the media, a clip lasts at least two segments. Move in and out apart.',
    'too-long': 'The clip would be longer than the startover window, or than 24 hours.',
    'not-kept': 'The channel no longer keeps this. Stay within the clip’s media.',
    'not-aired': 'The end has not aired yet. Try again once it has.',
    'too-often': 'The clip has been made anew too often. Cut a new clip.',
  } satisfies Record<TrimProblem, string> as Record<TrimProblem, string>,
  save: 'Save',
  cancel: 'Cancel',
  saved: (length: string) => `Saved. The clip lasts ${length}.`,
  didTrim: (title: string, length: string) => `Trimmed “${title}” to ${length}`,

  remake: (window: string, state: string) =>
    `The new cut ${window} ${state}. The old one plays until then.`,
  remakeStates: {
    queued: 'waits in line',
    harvesting: 'is being harvested',
    transcoding: 'is being transcoded',
    packaging: 'is being packaged',
    failed: 'failed',
  },
  remakeFailed: (window: string, reason: string) =>
    `The new cut ${window} could not be made: ${reason} The clip keeps its old cut.`,
  /** What helps where another try does not. */
  remakeRemedies: {
    'not-aired': 'Trim it to what has aired.',
    'window-unavailable': 'Trim it to what was on air.',
    'window-expired': 'Trim it within the media that it has.',
    'transcode-refused': 'An export can have exactly these frames.',
  } as Partial<Record<FailureCode, string>>,
  remakeAgain: 'Try again',
  remakeCancel: 'Keep the old cut',
  exact: (window: string | undefined, percent: string | undefined) => {
    const state = percent ? `are being made: ${percent}` : 'are being packaged';
    return window
      ? `Exact frames of the new cut ${window} ${state}. The old cut plays until then.`
      : `Exact frames ${state}. The clip plays meanwhile.`;
  },
  exactFailed: (window: string | undefined, reason: string) =>
    window
      ? `Exact frames of the new cut ${window} could not be made: ${reason} The clip keeps its old cut.`
      : `Exact frames could not be made: ${reason} The clip keeps the media that it has.`,
  /** Reasons by their code. A code that is absent has the reason of `clip.failures`. */
  exactFailures: {} as Partial<Record<FailureCode, string>>,
  saysExact: (title: string) => `${title} has exact frames`,
  saysExactFailed: (title: string, reason: string) =>
    `Exact frames of ${title} could not be made: ${reason}`,
  saysRemade: (title: string) => `${title} plays its new cut`,
  saysRemakeFailed: (title: string, reason: string) =>
    `The new cut of ${title} could not be made: ${reason}`,
};
