/** The marks of a channel, in English. */

import type { MarkRefusal } from '../../mark/channel-marks.svelte.ts';

export const mark = {
  title: 'Marks',
  label: 'Label of the mark',
  labelHint: 'Label, such as goal',
  set: 'Mark',
  setHint: 'Set a mark at this frame',
  previous: 'Previous mark',
  next: 'Next mark',
  toWindow: 'In/out',
  toWindowHint: 'In and out from the mark at this frame or before it',
  list: (count: number) => (count === 1 ? '1 mark' : `${count} marks`),
  none: 'No marks yet.',
  newest: (count: number) => `The newest ${count} are listed.`,
  go: (label: string, time: string) => `Go to ${label} at ${time}`,
  remove: (label: string, time: string) => `Remove ${label} at ${time}`,
  sending: 'sending',
  from: (source: string) => `from ${source}`,
  more: (count: number) => `+${count}`,
  flag: (label: string, time: string, more: string) =>
    [`${label}, ${time}`, more].filter(Boolean).join('\n'),

  didMark: (label: string, time: string) => `Mark “${label}” at ${time}`,
  didRemove: (label: string, time: string) => `Removed mark “${label}” at ${time}`,
  didWindow: (label: string, time: string) => `In and out from “${label}” at ${time}`,
  saysMark: (label: string, time: string) => `${label}, ${time}`,
  noneBefore: 'No mark at this frame or before it.',
  noneHere: 'No mark in this direction.',
  refused: {
    setting: (label: string, reason: string) => `The mark “${label}” was not set. ${reason}`,
    removing: (label: string, reason: string) => `The mark “${label}” was not removed. ${reason}`,
  } satisfies Record<MarkRefusal['work'], (label: string, reason: string) => string>,
  dismiss: 'Dismiss',
};
