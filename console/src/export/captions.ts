/** No captions, captions in the picture, or captions in files. */

import type { Schema } from '../api/client.ts';
import type { Captions } from '../viewer/tracks.ts';
import type { ExportRequest } from './exports.svelte.ts';

/** The choice of the operator. */
export interface CaptionChoice {
  kind: Schema<'ExportCaptions'>;
  /** The language of captions in the picture. Empty: the first one. */
  language: string;
}

/** The captions that can be drawn into the picture, one of each language: not those in the video. */
export function languagesOf(captions: readonly Captions[]): { language: string; label: string }[] {
  const drawn = captions.filter(({ isInVideo, language }) => !isInVideo && language);
  const known = new Map(drawn.map(({ language, label }) => [language, { language, label }]));
  return [...known.values()];
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
