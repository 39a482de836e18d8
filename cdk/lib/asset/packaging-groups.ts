/** Packaging groups as packaging-groups/*.json has them, in MediaPackage's own field names. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SettingsError } from '../settings/settings.ts';

export interface PackagingGroupFile {
  readonly file: string;
  readonly id: string;
  readonly packagingConfigurations: readonly ConfigurationFile[];
}

/** What one format is packaged like. */
export type Package = Record<string, unknown>;

export interface ConfigurationFile {
  readonly id: string;
  readonly hlsPackage?: Package;
  readonly dashPackage?: Package;
  readonly cmafPackage?: Package;
  readonly mssPackage?: Package;
}

/** The one that is filled first, whatever the others are called. */
const FIRST = 'default.json';

/** MediaPackage's quota, and what a path of one digit can tell apart. */
const MOST = 9;

/** The groups of a folder in the order in which they are filled. */
export function readPackagingGroups(folder: string): readonly PackagingGroupFile[] {
  const all = filesOf(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  if (!all.includes(FIRST))
    throw new SettingsError(
      `There is no ${FIRST} in ${folder}, the packaging group that is filled first.`,
    );
  if (all.length > MOST)
    throw new SettingsError(
      `There are ${all.length} packaging groups in ${folder}; at most ${MOST} can be served.`,
    );
  const groups = [FIRST, ...all.filter((file) => file !== FIRST)].map((file) => read(folder, file));
  refuseTwice(
    groups.map((group) => [group.id, group.file]),
    'Packaging group',
  );
  refuseTwice(
    groups.flatMap((group) =>
      group.packagingConfigurations.map(({ id }) => [id, group.file] as const),
    ),
    'Packaging configuration',
  );
  const [first] = groups;
  for (const group of groups) {
    if (formats(group) === formats(first)) continue;
    throw new SettingsError(
      `${group.file} makes clips playable as ${formats(group)}, ${FIRST} as ${formats(first)}; it must not matter which group has room.`,
    );
  }
  return groups;
}

/** The format's name in a configuration's id, which the API shows: `hls` of `hls-2`. */
export function formatOf(configurationId: string): string {
  return configurationId.split('-')[0] ?? configurationId;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new SettingsError(
      `The folder of packaging groups cannot be read: ${(error as Error).message}.`,
    );
  }
}

function read(folder: string, file: string): PackagingGroupFile {
  try {
    return {
      ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as PackagingGroupFile),
      file,
    };
  } catch (error) {
    throw new SettingsError(
      `The packaging group ${join(folder, file)} cannot be read: ${(error as Error).message}.`,
    );
  }
}

/** Ids hold for the whole account and region. */
function refuseTwice(ids: readonly (readonly [id: string, file: string])[], what: string): void {
  const owner = new Map<string, string>();
  for (const [id, file] of ids) {
    const other = owner.get(id);
    if (other !== undefined) {
      throw new SettingsError(
        `${what} ${id} of ${file} is one of ${other} already; call it ${id}-2, for example: ids hold for the whole account.`,
      );
    }
    owner.set(id, file);
  }
}

function formats(group: PackagingGroupFile | undefined): string {
  return (group?.packagingConfigurations ?? [])
    .map(({ id }) => formatOf(id))
    .sort()
    .join(' and ');
}
