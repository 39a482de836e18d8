/** The addresses of the viewer's pages: what one names, and how one is made. */

/** What an address shows. */
export type Address =
  | { readonly page: 'competition'; readonly competition: string }
  | { readonly page: 'clip'; readonly competition: string; readonly clip: string }
  | { readonly page: 'none' };

const COMPETITION = '[A-Za-z0-9-]{1,64}';
const CLIP = '\\d{14}_\\d{14}_[A-Za-z0-9]{6}';
const COMPETITION_PATH = new RegExp(`^/w/(${COMPETITION})/?$`);
const CLIP_PATH = new RegExp(`^/(?:c|embed)/(${COMPETITION})/(${CLIP})/?$`);

/** Reads the path of an address. */
export function parseAddress(path: string): Address {
  const [, competition, clip] = CLIP_PATH.exec(path) ?? COMPETITION_PATH.exec(path) ?? [];
  if (!competition) return { page: 'none' };
  return clip ? { page: 'clip', competition, clip } : { page: 'competition', competition };
}

/** The path of a competition's page. */
export function competitionPath(competition: string): string {
  return `/w/${competition}`;
}

/** The path of a clip's page. */
export function clipPath({ competition, clip }: { competition: string; clip: string }): string {
  return `/c/${competition}/${clip}`;
}

/**
 * Reads the moment that a link starts at, in seconds: `7`, `7.5`, `1m30s`, `1h2m3s`. Returns 0 for
 * anything else.
 */
export function parseMoment(text: string | null | undefined): number {
  const [whole, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text ?? '') ?? [];
  if (!whole) return 0;
  return Number(h ?? 0) * 3600 + Number(m ?? 0) * 60 + Number(s ?? 0);
}

/** The moment in an address: `?t=7`, or `#t=7` as a media fragment has it. */
export function momentOf({ search, hash }: Pick<Location, 'search' | 'hash'>): number {
  const asked = new URLSearchParams(search).get('t');
  return parseMoment(asked ?? new URLSearchParams(hash.slice(1)).get('t'));
}
