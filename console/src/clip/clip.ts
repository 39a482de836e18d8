/** What the console knows about a clip: the contract's types, and a few facts derived from them. */

import type { Schema } from '../api/client.ts';

/** A clip as operators see it, in any state, deleted ones too. */
export type Clip = Schema<'ChangeList'>['clips'][number];
/** The contract's states, and `deleting`. */
export type Status = Clip['status'];
/** The body of a cut. Its window is that of the picture which the operator saw. */
export type CutRequest = Omit<Schema<'ClipRequest'>, 'start' | 'end' | 'lastSeconds'> & {
  readonly start: string;
  readonly end: string;
};
/** Why a clip failed. */
export type FailureCode = Schema<'Failure'>['code'];
/** The body of an edit. */
export type ClipEdit = Schema<'ClipEdit'>;

/** States that change without a person. */
const ON_ITS_WAY: readonly Status[] = [
  'scheduled',
  'queued',
  'harvesting',
  'uploading',
  'transcoding',
  'packaging',
];

/** Most attempts until a clip is ready. */
export const MAX_ATTEMPTS = 5;
/** Most attempts of a clip, those that make new media of a ready clip included. */
export const MAX_MEDIA_ATTEMPTS = 99;

/** Whether the state still changes without a person. */
export function isOnItsWay(clip: Clip): boolean {
  return ON_ITS_WAY.includes(clip.status);
}

/** Whether an operator keeps the clip out of the viewers' lists. */
export function isHeldBack(clip: Clip): boolean {
  return !clip.listed || clip.publishAt !== undefined;
}

/** The manifest that plays now: the packaged one, else the live stream's with the clip's window. */
export function playableUrl(clip: Clip): string | undefined {
  return ('manifest' in clip ? clip.manifest : undefined) ?? clip.preview;
}

/** The clip's place in the harvest queue, if it waits there. */
export function queueOf(clip: Clip): { position: number; ahead: number } | undefined {
  return 'queue' in clip ? clip.queue : undefined;
}

/** How much of a file is transcoded, in percent. */
export function progressOf(clip: Clip): number | undefined {
  return 'progress' in clip ? clip.progress : undefined;
}

/** New media of a ready clip, whose window was moved beyond its media. */
export function remakeOf(clip: Clip): Schema<'Remake'> | undefined {
  return 'remake' in clip ? clip.remake : undefined;
}

/** The window that the clip has, or gets once its new media is made. */
export function wantedWindow(clip: Clip): Schema<'Window'> | undefined {
  const remake = remakeOf(clip);
  return remake && remake.status !== 'failed' ? remake.requested : clip.requested;
}

/** The address of the MP4 that the service has made of the clip, if it exists. */
export function downloadOf(clip: Clip): string | undefined {
  return 'downloads' in clip ? clip.downloads?.[0]?.url : undefined;
}

/** The address of the storyboard of the clip, if it exists. */
export function storyboardOf(clip: Clip): string | undefined {
  return 'storyboard' in clip ? clip.storyboard : undefined;
}

/** A picture of the clip. Clips of files have one when they are ready. */
export function thumbnailOf(clip: Clip): string | undefined {
  return 'thumbnails' in clip ? clip.thumbnails?.[0] : undefined;
}
