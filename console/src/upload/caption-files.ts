/** Captions that are announced with a video: in files, which are found by their names, or in the video. */

import { languageName } from '../messages/language.ts';

/** A caption file of a video. */
export interface CaptionFile {
  readonly name: string;
  /** The content. */
  readonly text: string;
  /** A tag of BCP 47, such as `fi`. Empty until it is known. */
  language: string;
}

/** The channels of CEA-608. */
export const CHANNELS = ['CC1', 'CC2', 'CC3', 'CC4'] as const;

/** Captions in the video. */
export interface ChannelCaptions {
  channel: (typeof CHANNELS)[number];
  /** A tag of BCP 47. Empty until it is known. */
  language: string;
  /** The name that players show. Empty: that of the language. */
  label: string;
}

/** Captions of a video. */
export type Captions = CaptionFile | ChannelCaptions;

/** The fault of the captions of a video. */
export type CaptionProblem = 'no-language' | 'same-language' | 'too-many' | 'too-large';

/** The limits of the contract. */
const MAX_CAPTIONS = 10;
const MAX_BYTES = 1_048_576;
/** Most bytes of the captions of a video together: the body of the request has 3,145,728. */
const MAX_ALL_BYTES = 3_000_000;

const CAPTIONS = /\.(srt|vtt|ttml|dfxp)$/i;
/** The files that a file picker offers. */
export const CAPTION_TYPES = '.srt,.vtt,.ttml,.dfxp';
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/;
/** The language in a name: `final.fi.srt`, `final_pt-BR.vtt`. */
const LANGUAGE_IN_NAME = /[._-]([a-z]{2,3}(?:-(?:[A-Z]{2}|[A-Z][a-z]{3}|\d{3}))?)\.\w+$/;

export function isCaptionFile({ name }: Pick<File, 'name'>): boolean {
  return CAPTIONS.test(name);
}

export function isLanguage(text: string): boolean {
  return LANGUAGE.test(text.trim());
}

/** Reads a caption file. Its language is that of its name, if the name has one. */
export async function readCaptionFile(file: File): Promise<CaptionFile> {
  const text = decode(new Uint8Array(await file.arrayBuffer()));
  const language = LANGUAGE_IN_NAME.exec(file.name)?.[1] ?? '';
  return { name: file.name, text, language: languageName(language, 'en') ? language : '' };
}

/**
 * The video that a caption file belongs to, by its place: the one with the longest name that the file's
 * name begins with. Of several videos none, if no name fits. The only video takes every file.
 */
export function videoOf(captions: string, videos: readonly string[]): number | undefined {
  if (videos.length === 1) return 0;
  const fitting = videos
    .map((name, place) => ({ stem: name.replace(/\.[^.]+$/, ''), place }))
    .filter(({ stem }) => stem && captions.startsWith(stem))
    .sort((one, other) => other.stem.length - one.stem.length);
  return fitting[0]?.place;
}

/** The channels that no captions are in yet. */
export function freeChannels(all: readonly Captions[]): ChannelCaptions['channel'][] {
  return CHANNELS.filter((it) => !all.some((other) => 'channel' in other && other.channel === it));
}

/** The name that players show, as far as it must differ from others. */
function nameOf(captions: Captions): string {
  const label = 'channel' in captions ? captions.label.trim() : '';
  return (label || captions.language.trim()).toLowerCase();
}

/** The fault for which the service would refuse the captions of a video. */
export function captionProblem(captions: readonly Captions[]): CaptionProblem | undefined {
  if (captions.length > MAX_CAPTIONS) return 'too-many';
  const sizes = captions.map((it) => new TextEncoder().encode('text' in it ? it.text : '').length);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.some((size) => size > MAX_BYTES) || all > MAX_ALL_BYTES) return 'too-large';
  if (!captions.every(({ language }) => isLanguage(language))) return 'no-language';
  const names = captions.map(nameOf);
  return new Set(names).size < names.length ? 'same-language' : undefined;
}

/** Caption files have no declared encoding: those of editing programs are often older than UTF-8. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
