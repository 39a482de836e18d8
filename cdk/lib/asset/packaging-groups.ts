/** Reads the packaging groups in packaging-groups/*.json, which use MediaPackage's field names. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type ChannelSettings, SettingsError } from '../settings/settings.ts';
import { hasSeveralSounds } from '../settings/tracks.ts';

export interface PackagingGroupFile {
  readonly file: string;
  readonly id: string;
  readonly packagingConfigurations: readonly ConfigurationFile[];
}

/** The package settings of one format. */
export type Package = Record<string, unknown>;

export interface ConfigurationFile {
  readonly id: string;
  readonly hlsPackage?: Package;
  readonly dashPackage?: Package;
  readonly cmafPackage?: Package;
  readonly mssPackage?: Package;
}

/** The file of the group that is filled first, whatever the names of the others. */
const FIRST_GROUP = 'default.json';

/** MediaPackage's quota. The number of a group is one digit of a viewer's path. */
const MAX_GROUPS = 9;

/** Reads the groups of a folder, in the order in which they are filled. */
export function readPackagingGroups(folder: string): readonly PackagingGroupFile[] {
  const all = listFiles(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  if (!all.includes(FIRST_GROUP))
    throw new SettingsError(
      `${folder}/${FIRST_GROUP} was not found. It is the packaging group that is filled first.`,
    );
  if (all.length > MAX_GROUPS)
    throw new SettingsError(
      `The folder ${folder} has ${all.length} packaging groups. The maximum is ${MAX_GROUPS}.`,
    );
  const groups = [FIRST_GROUP, ...all.filter((file) => file !== FIRST_GROUP)].map((file) =>
    readGroup(folder, file),
  );
  refuseDuplicates(
    groups.map((group) => [group.id, group.file]),
    'Packaging group',
  );
  refuseDuplicates(
    groups.flatMap((group) =>
      group.packagingConfigurations.map(({ id }) => [id, group.file] as const),
    ),
    'Packaging configuration',
  );
  const [first] = groups;
  for (const group of groups) {
    if (listFormats(group) === listFormats(first)) continue;
    throw new SettingsError(
      `${group.file} has the formats ${listFormats(group)}, but ${FIRST_GROUP} has ${listFormats(first)}: all groups must have the same formats.`,
    );
  }
  return groups;
}

/**
 * Whether a clip keeps several sounds apart, whatever group its asset is in.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/rendition-groups.html
 */
export function keepSeveralSounds(groups: readonly PackagingGroupFile[]): boolean {
  return groups.every((group) => findMixedSounds(group) === undefined);
}

/** Finds a configuration that does not keep several sounds apart. */
function findMixedSounds(group: PackagingGroupFile | undefined): ConfigurationFile | undefined {
  return group?.packagingConfigurations.find(
    ({ hlsPackage: hls }) => hls !== undefined && hls['useAudioRenditionGroup'] !== true,
  );
}

/**
 * Refuses a first group that does not keep the sounds of a channel apart.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/rendition-groups.html
 */
export function refuseMixedSounds(
  channels: readonly ChannelSettings[],
  [first]: readonly PackagingGroupFile[],
): void {
  const channel = channels.find(({ audio }) => hasSeveralSounds(audio));
  const mixed = findMixedSounds(first);
  if (channel === undefined || mixed === undefined) return;
  throw new SettingsError(
    `Channel ${channel.id} has several sounds, but packaging configuration ${mixed.id} in ${first?.file} has no audio rendition group. ` +
      'Copy the folder packaging-groups, set useAudioRenditionGroup to true there, and set packagingGroups to the copy.',
  );
}

/** The format in a configuration's id, as the API shows it: `hls` for `hls-2`. */
export function parseFormat(configurationId: string): string {
  return configurationId.split('-')[0] ?? configurationId;
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new SettingsError(
      `Could not read the folder of packaging groups: ${(error as Error).message}.`,
    );
  }
}

function readGroup(folder: string, file: string): PackagingGroupFile {
  try {
    return {
      ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as PackagingGroupFile),
      file,
    };
  } catch (error) {
    throw new SettingsError(
      `Could not read the packaging group ${join(folder, file)}: ${(error as Error).message}.`,
    );
  }
}

/** Refuses an id that is used twice. Ids are unique in an account and region. */
function refuseDuplicates(
  ids: readonly (readonly [id: string, file: string])[],
  what: string,
): void {
  const owner = new Map<string, string>();
  for (const [id, file] of ids) {
    const other = owner.get(id);
    if (other !== undefined) {
      throw new SettingsError(
        `${what} ${id} in ${file} is also in ${other}. Ids must be unique in the account: use ${id}-2, for example.`,
      );
    }
    owner.set(id, file);
  }
}

function listFormats(group: PackagingGroupFile | undefined): string {
  return (group?.packagingConfigurations ?? [])
    .map(({ id }) => parseFormat(id))
    .sort()
    .join(' and ');
}
