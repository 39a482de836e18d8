/** What a file is announced with: values that the operator can change, and the body of the request. */

import type { Schema } from '../api/client.ts';
import type { CaptionFile, ChannelCaptions } from './caption-files.ts';

/** The body of an announcement. */
export type UploadRequest = Omit<Schema<'UploadRequest'>, 'captions'> & {
  captions?: AnnouncedCaptions[];
};

/** Captions with a text, or with the channel in the video that they are in. */
type AnnouncedCaptions =
  | { language: string; text: string }
  | { language: string; name?: string; channel: ChannelCaptions['channel'] };

/** Which file an upload is of. A file that is chosen again must have all three. */
export interface FileIdentity {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In ms since 1970. */
  readonly lastModified: number;
}

/** What the operator decides for one file. */
export interface FileDetails {
  title: string;
  /** The time of the recorded event, in ms since 1970. */
  at: number;
  captions?: readonly (Pick<CaptionFile, 'text' | 'language'> | ChannelCaptions)[];
  /** The language of the sound that players start with. Empty: the first sound. */
  defaultSound?: string;
}

/** What the operator decides for all files of a drop. */
export interface SharedDetails {
  competition: string;
  tags: string[];
  /** Whether the clips stay out of the viewers' lists. */
  isHeldBack: boolean;
}

/** The limits of the contract. */
const MAX_FILENAME_LENGTH = 255;
export const MAX_TITLE_LENGTH = 200;

/** Whether a file is the same as an earlier one. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.name === other.name && one.size === other.size && one.lastModified === other.lastModified
  );
}

/** The identity of a file. */
export function identify({ name, size, lastModified }: File): FileIdentity {
  return { name, size, lastModified };
}

/**
 * The details to begin with: the name without its extension, and the time of the last change.
 *
 * A camera changes its file last when the recording ends. No clip can be of the future.
 */
export function suggestDetails(file: FileIdentity, now: number): FileDetails {
  const title = file.name
    .replace(/\.[^.]{1,5}$/, '')
    .replaceAll('_', ' ')
    .trim();
  const at = Math.min(file.lastModified || now, now);
  return { title: title.slice(0, MAX_TITLE_LENGTH), at: Math.floor(at / 1000) * 1000 };
}

/** The body that announces a file. */
export function formatRequest(
  file: File,
  { title, at, captions = [], defaultSound = '' }: FileDetails,
  { competition, tags, isHeldBack }: SharedDetails,
): UploadRequest {
  return {
    competition: competition || null,
    filename: formatFilename(file.name),
    size: file.size,
    // Browsers may add parameters such as `; codecs=…`, which the contract does not allow.
    contentType: /^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+$/.test(file.type)
      ? file.type
      : null,
    at: new Date(at).toISOString(),
    title: title.trim(),
    tags,
    ...(captions.length && { captions: captions.map(formatCaptions) }),
    ...(defaultSound.trim() && { defaultSound: defaultSound.trim() }),
    ...(isHeldBack && { listed: false }),
  };
}

function formatCaptions(captions: NonNullable<FileDetails['captions']>[number]): AnnouncedCaptions {
  const language = captions.language.trim();
  if ('text' in captions) return { language, text: captions.text };
  const name = captions.label.trim();
  return { language, ...(name && { name }), channel: captions.channel };
}

/** Names of Linux and macOS may have characters that the contract refuses. */
function formatFilename(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced.
  const allowed = name.replace(/[/\\\u0000-\u001f\u007f-\u009f]/g, '_');
  return [...allowed].slice(-MAX_FILENAME_LENGTH).join('');
}
