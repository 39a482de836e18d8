/** Reads branding.json: the name, colors, competitions and tags that the pages show. */

import brandingSchema from '../../public/branding.schema.json';
import { checkBySchema, readDefaults, type Schema } from './schema.ts';

/** The path of the file on the site. */
const BRANDING_PATH = '/branding.json';
/** The path of the pictures that the file names. */
const PICTURES_PATH = '/branding/';

/** What a deployment calls itself and looks like. docs/branding.md explains the fields. */
export interface Branding {
  readonly name: string;
  readonly logo: { readonly light?: string; readonly dark?: string };
  readonly icon?: string;
  readonly colors: Readonly<Partial<Record<ColorName, string>>>;
  readonly competitions: readonly { readonly id: string; readonly title: string }[];
  readonly tags: readonly string[];
  readonly languages: readonly string[];
  readonly times: 'utc' | 'local';
  readonly embed: readonly string[];
  readonly links: { readonly imprint?: string; readonly privacy?: string };
}

/** The colors that a branding can set. */
export type ColorName = 'accent' | 'live' | 'ready' | 'failed';

/** A branding, and what is wrong with its file. */
export interface LoadedBranding {
  readonly branding: Branding;
  /** What operators should know of. */
  readonly problems: readonly BrandingProblem[];
  /** Fields that the pages do not know, such as `colors.acent`. */
  readonly unknownFields: readonly string[];
}

/** A reason why the file, or a part of it, is not used. */
export interface BrandingProblem {
  readonly kind: 'not-loaded' | 'not-json' | 'not-an-object' | 'invalid-field';
  /** The path of the invalid field. */
  readonly field?: string;
}

const SCHEMA: Schema = brandingSchema;

/** The branding of a file without fields. */
export const DEFAULT_BRANDING = readDefaults(SCHEMA, SCHEMA) as unknown as Branding;

/** Checks the content of a branding file. Every invalid value is replaced by its default. */
export function parseBranding(content: unknown): LoadedBranding {
  const { value, violations } = checkBySchema(content, SCHEMA);
  const found = (value ?? {}) as Partial<Branding>;
  const invalid = violations.filter(({ reason }) => reason === 'invalid');
  return {
    branding: { ...DEFAULT_BRANDING, ...found },
    problems: invalid.map(({ path }) =>
      path ? { kind: 'invalid-field', field: path } : { kind: 'not-an-object' },
    ),
    unknownFields: violations.filter(({ reason }) => reason === 'unknown').map(({ path }) => path),
  };
}

/** Requests the branding file. Never fails: without a usable file, all values are defaults. */
export async function loadBranding(request: typeof fetch = fetch): Promise<LoadedBranding> {
  const useDefaults = (kind: BrandingProblem['kind']): LoadedBranding => ({
    branding: DEFAULT_BRANDING,
    problems: [{ kind }],
    unknownFields: [],
  });
  let text: string;
  try {
    const response = await request(BRANDING_PATH);
    if (!response.ok) return useDefaults('not-loaded');
    text = await response.text();
  } catch {
    return useDefaults('not-loaded');
  }
  try {
    return parseBranding(JSON.parse(text));
  } catch {
    return useDefaults('not-json');
  }
}

/** The URL of a picture of the branding: the picture itself, or its path on the site. */
export function pictureUrl(picture: string): string {
  return picture.startsWith('data:') ? picture : `${PICTURES_PATH}${picture}`;
}

/** The title of a competition; its id, if the branding does not name it. */
export function competitionTitle(branding: Branding, id: string): string {
  return branding.competitions.find((competition) => competition.id === id)?.title ?? id;
}

/** The competitions to choose from: those of the branding in its order, then others by their id. */
export function listCompetitions(
  branding: Branding,
  others: readonly (string | undefined)[],
): { readonly id: string; readonly title: string }[] {
  const known = new Set(branding.competitions.map(({ id }) => id));
  const unknown = new Set(others.filter((id) => id && !known.has(id)));
  return [
    ...branding.competitions,
    ...[...unknown].map((id) => ({ id: id ?? '', title: id ?? '' })),
  ];
}
