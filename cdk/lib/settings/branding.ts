/** Reads and checks the branding of the console and the viewer's pages: console/public/branding.schema.json. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { ROOT, SettingsError } from './settings.ts';

const SCHEMA = 'console/public/branding.schema.json';

/** The name and the accent color of pages whose branding has none. */
const DEFAULT_NAME = 'Matchcut';
const DEFAULT_ACCENT = '#3d8bfd';

export interface Branding {
  /** The file, as an absolute path. It is published as it is. */
  readonly file: string;
  /** The name in shared links. */
  readonly name: string;
  /** The color of buttons and links, as `#rrggbb`. */
  readonly accent: string;
  /** The origins whose pages may embed clips. `*` is any page. */
  readonly embed: readonly string[];
  /** The pictures that the file names. Each lies beside the file. */
  readonly pictures: readonly string[];
}

interface Document {
  readonly name?: string;
  readonly logo?: { readonly light?: string; readonly dark?: string };
  readonly icon?: string;
  readonly colors?: { readonly accent?: string };
  readonly embed?: readonly string[];
}

/** Reads a branding file. Throws `SettingsError` with one line for each mistake. */
export function readBranding(path: string): Branding {
  const file = resolve(ROOT, path);
  const document = parseFile(file, path);
  const schema = JSON.parse(readFileSync(resolve(ROOT, SCHEMA), 'utf8')) as object;
  const validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile<Document>(schema);
  if (!validate(document)) {
    const mistakes = (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const field = instancePath === '' ? 'the file' : instancePath.slice(1).replaceAll('/', '.');
      const unknown = 'additionalProperty' in params ? ` (${params['additionalProperty']})` : '';
      return `Branding ${path}: ${field} ${message}${unknown}. See ${SCHEMA}.`;
    });
    throw new SettingsError(mistakes.join('\n'));
  }
  const { name = DEFAULT_NAME, logo, icon, colors, embed = ['*'] } = document;
  const pictures = [
    ...new Set(
      [logo?.light, logo?.dark, icon].filter(
        (picture) => picture !== undefined && !picture.startsWith('data:'),
      ),
    ),
  ] as string[];
  const missing = pictures.filter((picture) => !existsSync(join(dirname(file), picture)));
  if (missing.length > 0) {
    throw new SettingsError(
      `Branding ${path} names ${missing.join(' and ')}, which is not in the folder of the file.`,
    );
  }
  return { file, name, accent: colors?.accent ?? DEFAULT_ACCENT, embed, pictures };
}

function parseFile(file: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SettingsError(`Could not read the branding ${path}: ${(error as Error).message}.`);
  }
}
