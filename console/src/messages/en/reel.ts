/** The dialog that makes a reel, in English. */

import type { ReelProblem } from '../../reel/reel.ts';

export const reel = {
  heading: 'Make a reel',
  title: 'Title of the reel',
  name: 'Reel',
  list: 'Clips of the reel',
  hint: 'Drag the clips into their order, or use their arrow buttons, or Alt with ↑ and ↓.',
  earlier: (clip: string) => `Move ${clip} up`,
  later: (clip: string) => `Move ${clip} down`,
  takeOut: (clip: string) => `Take ${clip} out`,
  isAt: (clip: string, place: string, count: string) => `${clip}: place ${place} of ${count}`,
  isOut: (clip: string) => `${clip} is out.`,
  sum: (count: string, length: string) => `${count} clips, ${length} in total`,
  problems: {
    'too-few': 'A reel needs at least two clips. Tick more clips in the library.',
    'not-ready': 'Not every clip is ready. Wait until it is, or take it out.',
  } satisfies Record<Exclude<ReelProblem, 'too-many'>, string>,
  tooMany: (count: number) => `A reel has at most 50 clips. Take out ${count}.`,
  make: 'Make the reel',
  making: 'Sending…',
  cancel: 'Cancel',
  failed: (reason: string) => `The reel was not made. ${reason}`,
  refused: (clip: string, reason: string) =>
    `The reel was not made because of ${clip}. ${reason} Or take the clip out.`,
  made: (title: string) => `${title} is being made`,
};
