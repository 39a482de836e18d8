/** What people take away from a clip: links, the embed code, manifests. */

import { clipPath } from './address.ts';
import type { Clip } from './part.ts';

type Named = Pick<Clip, 'competition' | 'clip'>;

/** The link to a clip's page; with a moment in seconds it starts there. */
export function clipLink(origin: string, clip: Named, moment = 0): string {
  return `${origin}${clipPath(clip)}${momentQuery(moment)}`;
}

/** The address of the embedded player. */
export function embedLink(origin: string, { competition, clip }: Named, moment = 0): string {
  return `${origin}/embed/${competition}/${clip}${momentQuery(moment)}`;
}

/** The HTML that embeds a clip. Every value is escaped. */
export function embedCode(origin: string, clip: Clip, title: string, moment = 0): string {
  const source = escapeAttribute(embedLink(origin, clip, moment));
  return (
    `<iframe src="${source}" title="${escapeAttribute(title)}" width="640" height="360" ` +
    `style="border:0;aspect-ratio:16/9;max-width:100%;height:auto" ` +
    `allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`
  );
}

/** The manifest of a format, such as `dash`. A packaging configuration's id begins with its format. */
export function manifestOf({ manifests }: Clip, format: string): string | undefined {
  const names = Object.keys(manifests ?? {}).sort();
  const name = names.find((it) => it === format || it.startsWith(`${format}-`));
  return name === undefined ? undefined : manifests?.[name];
}

function momentQuery(moment: number): string {
  const seconds = Math.floor(moment);
  return seconds > 0 ? `?t=${seconds}` : '';
}

function escapeAttribute(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (it) => entities[it] ?? it);
}
