/** Checks that a deployment changes no packaging configuration: MediaPackage cannot change one. */

import { resolve } from 'node:path';
import { DescribePackagingConfigurationCommand } from '@aws-sdk/client-mediapackage-vod';

import { type Package, readPackagingGroups } from '../lib/asset/packaging-groups.ts';
import { ROOT, type Settings } from '../lib/settings/settings.ts';
import { type Aws, ignoreError } from './aws.ts';
import type { Finding } from './checks.ts';

/** Compares the packaging configurations that exist with the files of the packaging groups. */
export async function checkPackaging(aws: Aws, settings: Settings): Promise<Finding[]> {
  const { configurationPrefix = `${settings.name}-` } = settings;
  const groups = readPackagingGroups(resolve(ROOT, settings.packagingGroups));
  const findings: Finding[] = [];
  for (const { file, packagingConfigurations } of groups) {
    for (const { id, ...formats } of packagingConfigurations) {
      const Id = `${configurationPrefix}${id}`;
      // One after the other, because MediaPackage's API takes five calls a second.
      const deployed = await ignoreError(
        'NotFoundException',
        aws.vod.send(new DescribePackagingConfigurationCommand({ Id })),
      );
      const changed = deployed === undefined ? undefined : findDifference(formats, deployed);
      if (changed === undefined) continue;
      findings.push({
        kind: 'missing',
        text:
          `The packaging configuration ${Id} exists with another ${changed} than in ${file}, and MediaPackage cannot change it. ` +
          'Copy the file as it was deployed to a folder of your own, and set packagingGroups to the folder.',
      });
    }
  }
  return findings;
}

/**
 * Finds the first field of the file that MediaPackage has with another value. Fields that MediaPackage does
 * not return are not compared: it may leave out defaults.
 */
function findDifference(file: Package, deployed: object, path = ''): string | undefined {
  const found = deployed as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(file)) {
    const other = found[`${name.charAt(0).toUpperCase()}${name.slice(1)}`] ?? found[name];
    const field = path === '' ? name : `${path}.${name}`;
    if (other === undefined || other === null) continue;
    if (typeof value !== 'object' || value === null) {
      if (value !== other) return field;
      continue;
    }
    const inner = findDifference(value as Package, other as object, field);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
