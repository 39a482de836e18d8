/** The text about new media of an opened clip, and the window that takes it back. */

import type { Schema } from '../api/client.ts';
import { remakeReasonOf } from '../clip/announcer.svelte.ts';
import { type Clip, remakeOf } from '../clip/clip.ts';
import { t } from '../messages/console.svelte.ts';
import type { Format } from '../messages/format.ts';
import { isSameStretch, stretchOf } from './trim-window.ts';

/** The text about new media of a clip. */
export function remakeText(clip: Clip, format: Format): string {
  const remake = remakeOf(clip);
  if (!remake) return '';
  const isFailed = remake.status === 'failed';
  if (remake.precision !== 'frame') {
    const window = windowText(remake, format);
    return isFailed
      ? t.trim.remakeFailed(window, remakeReasonOf(remake))
      : t.trim.remake(window, t.trim.remakeStates[remake.status]);
  }
  const window = isOfNewWindow(clip) ? windowText(remake, format) : undefined;
  if (isFailed) return t.trim.exactFailed(window, remakeReasonOf(remake));
  const percent = remake.progress === undefined ? undefined : format.percent(remake.progress / 100);
  return t.trim.exact(window, percent);
}

/**
 * The window that the clip keeps if the new media is not wanted. None if the new media has the same
 * window, or has failed.
 */
export function oldWindow(clip: Clip): Schema<'Window'> | undefined {
  return remakeOf(clip)?.status !== 'failed' && isOfNewWindow(clip) ? clip.requested : undefined;
}

/** Whether new media of a clip has another window than the clip. */
function isOfNewWindow(clip: Clip): boolean {
  const remake = remakeOf(clip);
  if (!remake || !clip.requested) return false;
  return !isSameStretch(stretchOf(remake.requested), stretchOf(clip.requested));
}

function windowText({ requested }: Schema<'Remake'>, format: Format): string {
  const { start, end } = stretchOf(requested);
  return `${format.time(start)}–${format.time(end)}`;
}
