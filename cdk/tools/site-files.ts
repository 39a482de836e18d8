/** The files of the site: the built console, the branding and config.json, with their headers. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

import type { PageHeaders } from '../lib/delivery/page-headers.ts';
import type { Branding } from '../lib/settings/branding.ts';

/** A file as it is uploaded. */
export interface SiteFile {
  /** Its path on the site, without the slash at the start. */
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly cacheControl: string;
}

export interface SiteSource {
  /** The folder of the built console. */
  readonly folder: string;
  readonly branding: Branding;
  /** The text of config.json. */
  readonly config: string;
  readonly headers: PageHeaders;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/**
 * Lists the files of the site, in the order of their upload: a file comes after the files that it needs,
 * so that a page never asks for a file that is not there yet.
 */
export function listSiteFiles({ folder, branding, config, headers }: SiteSource): SiteFile[] {
  const built = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
    // Tools of the build keep notes in hidden files.
    .filter((key) => !key.split('/').some((part) => part.startsWith('.')));
  const bodies = new Map(built.map((key) => [key, readFileSync(join(folder, key))]));
  for (const picture of branding.pictures)
    bodies.set(`branding/${picture}`, readFileSync(join(dirname(branding.file), picture)));
  bodies.set('branding.json', readFileSync(branding.file));
  bodies.set('config.json', Buffer.from(config));

  const hashed = (key: string) => key.startsWith('assets/') && !headers.entries.includes(key);
  const turn = (key: string) => {
    if (key.endsWith('.html')) return 2;
    return hashed(key) ? 0 : 1;
  };
  return [...bodies]
    .sort(([one], [other]) => turn(one) - turn(other))
    .map(([key, body]) => ({
      key,
      body,
      contentType: findContentType(key),
      cacheControl: hashed(key) ? headers.cacheControl.hashed : headers.cacheControl.other,
    }));
}

function findContentType(key: string): string {
  const type = CONTENT_TYPES[extname(key).toLowerCase()];
  // With `nosniff`, browsers refuse a script or style sheet of another type.
  if (type === undefined) throw new Error(`The content type of ${key} is not known.`);
  return type;
}
