/** What the store of clips reports to the screens. */

import type { Problem } from '../api/problem.ts';
import type { Clip } from './clip.ts';
import type { Change } from './feed.ts';
import type { UnsentCut } from './outbox.ts';
import type { Step } from './undo.ts';

/** What is being done to a clip, until the service answers. */
export type Work = 'confirming' | 'deleting' | 'restoring' | 'retrying' | 'saving';

/** What operators should be told. */
export type News =
  | { readonly kind: 'changed'; readonly change: Change }
  | { readonly kind: 'cut-refused'; readonly cut: UnsentCut; readonly problem: Problem }
  | {
      readonly kind: 'failed';
      readonly work: Work;
      readonly clip: Clip;
      readonly problem?: Problem;
    }
  | { readonly kind: 'undone' | 'redone'; readonly step: Step };
