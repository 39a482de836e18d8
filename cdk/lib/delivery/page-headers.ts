/** Reads console/headers.json: the pages, their headers, and how long caches keep the files of the site. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { ROOT } from '../settings/settings.ts';

/** The headers of a response, by lowercase name. */
export type Headers = Readonly<Record<string, string>>;

/** The origins that replace the placeholders of headers. */
export interface Origins {
  /** Where the console gets its tokens. */
  readonly login: readonly string[];
  /** Where the console sends files. */
  readonly uploads: readonly string[];
  /** The pages that may embed clips. */
  readonly embed: readonly string[];
}

export interface PageHeaders {
  /** The file of each page, by the first part of its path. */
  readonly pages: Readonly<Record<string, string>>;
  /** `cache-control` of files with a hash in their name, and of all others. */
  readonly cacheControl: { readonly hashed: string; readonly other: string };
  /** The files under `assets/` without a hash in their name. */
  readonly entries: readonly string[];
  readonly site: Template;
  readonly embed: Template;
}

/** Headers with placeholders such as `{login}`. A list is a policy of several directives. */
type Template = Readonly<Record<string, string | readonly string[]>>;

export function readPageHeaders(): PageHeaders {
  return JSON.parse(readFileSync(resolve(ROOT, 'console/headers.json'), 'utf8')) as PageHeaders;
}

/** Replaces the placeholders of headers. */
export function fillHeaders(template: Template, origins: Origins): Headers {
  const fill = (directive: string) =>
    directive
      .replaceAll(/ ?\{(\w+)\}/g, (_, name: keyof Origins) =>
        origins[name].map((origin) => ` ${origin}`).join(''),
      )
      .trim();
  const entries = Object.entries(template).map(([name, value]) => [
    name,
    [value].flat().map(fill).join('; '),
  ]);
  return Object.fromEntries(entries) as Headers;
}
