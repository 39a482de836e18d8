/** How precisely the next clips are cut, if the operator chooses it and not the channel. */

import type { CutRequest } from '../clip/clip.ts';
import { t } from '../messages/console.svelte.ts';
import type { Precision } from '../settings/settings.svelte.ts';

/** Without a choice, the setting of the channel decides. */
const PRECISIONS: readonly Precision[] = ['frame', 'segment'];

/** The choice after this one, in turn. None comes after the last one. */
export function nextPrecision(chosen: Precision | undefined): Precision | undefined {
  return PRECISIONS[chosen ? PRECISIONS.indexOf(chosen) + 1 : 0];
}

/** The field of a cut: none without a choice. */
export function precisionField(chosen: Precision | undefined): Pick<CutRequest, 'precision'> {
  return chosen ? { precision: chosen } : {};
}

/** The choice in words. Without a choice, they say the setting of the channel as far as it is known. */
export function wordsOf(chosen: Precision | undefined, ofChannel: Precision | undefined): string {
  const { precisions, precisionOfChannel } = t.live;
  if (chosen) return precisions[chosen];
  return ofChannel ? precisionOfChannel(precisions[ofChannel]) : precisions.channel;
}
