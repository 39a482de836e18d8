/** The language of the sound; no captions, captions in the picture, or captions in files. */

import type { Schema } from '../api/client.ts';
import type { Captions, Sound } from '../viewer/tracks.ts';
import type { ExportRequest } from './exports.svelte.ts';

/** The choice of the operator. */
export interface CaptionChoice {
  kind: Schema<'ExportCaptions'>;
  /** The language of captions in the picture. Empty: the first one. */
  language: string;
}

/** A language, with the name that players show. */
interface NamedLanguage {
  language: string;
  label: string;
}

/** The captions that can be drawn into the picture, one of each language: not those in the video. */
export function languagesOf(captions: readonly Captions[]): NamedLanguage[] {
  return namedLanguagesOf(captions.filter(({ isInVideo }) => !isInVideo));
}

/** The sounds that a file can have, one of each language. One language is no choice. */
export function soundLanguagesOf(sounds: readonly Sound[]): NamedLanguage[] {
  const languages = namedLanguagesOf(sounds);
  return languages.length > 1 ? languages : [];
}

/** The first track of each language. */
function namedLanguagesOf(tracks: readonly NamedLanguage[]): NamedLanguage[] {
  const named = tracks.filter(({ language }) => language);
  const isFirst = ({ language }: NamedLanguage, at: number) =>
    named.findIndex((it) => it.language === language) === at;
  return named.filter(isFirst).map(({ language, label }) => ({ language, label }));
}

/** The field of the request. Without a choice, the file has the sound that players choose. */
export function soundField(
  language: string,
  sounds: readonly Sound[],
): Pick<ExportRequest, 'soundLanguage'> {
  const isOffered = soundLanguagesOf(sounds).some((it) => it.language === language);
  return isOffered ? { soundLanguage: language } : {};
}

/** The fields of the request. A clip without captions has none to give. */
export function captionFields(
  { kind, language }: CaptionChoice,
  captions: readonly Captions[],
): Pick<ExportRequest, 'captions' | 'captionLanguage'> {
  const languages = languagesOf(captions);
  if (!captions.length || kind === 'none') return {};
  if (kind === 'sidecar') return { captions: kind };
  if (!languages.length) return {};
  const isOffered = languages.some((it) => it.language === language);
  return { captions: kind, ...(isOffered && { captionLanguage: language }) };
}
