/** A packaging group, created from its file. */

import { Fn } from 'aws-cdk-lib';
import { CfnPackagingConfiguration, CfnPackagingGroup } from 'aws-cdk-lib/aws-mediapackage';
import { Construct } from 'constructs';

import type { CdnIdentifier } from '../mediapackage/cdn-identifier.ts';
import { type KeyServer, listSystemIds, SPEKE_2 } from '../mediapackage/key-server.ts';
import { type DrmSettings, SettingsError } from '../settings/settings.ts';
import type { ConfigurationFile, Package, PackagingGroupFile } from './packaging-groups.ts';

export interface PackagingProps {
  readonly group: PackagingGroupFile;
  /** The prefix of the group's id. */
  readonly name: string;
  /** The prefix of the ids of its configurations. */
  readonly configurationPrefix: string;
  /** CDN authorization of the group's origin. */
  readonly cdnIdentifier: CdnIdentifier;
  /** Encrypts every format with keys of a key server. @default not encrypted */
  readonly drm?: DrmSettings & { readonly keyServer: KeyServer };
}

/** A MediaPackage VOD packaging group: the formats in which its assets are packaged. */
export class Packaging extends Construct {
  readonly groupId: string;
  /** The id as a text, for policies that must not depend on the group. */
  readonly name: string;
  /** The host of the assets' manifests. */
  readonly host: string;
  /** The ids of the packaging configurations, with the prefix of the deployment. */
  readonly configurationIds: readonly string[];

  constructor(scope: Construct, id: string, props: PackagingProps) {
    super(scope, id);
    const { file, id: groupId, packagingConfigurations } = props.group;
    this.name = `${props.name}-${groupId}`;
    const group = new CfnPackagingGroup(this, 'Group', {
      id: this.name,
      authorization: props.cdnIdentifier.authorization,
    });
    // MediaPackage reads the secret when the group is created, so its role must be complete by then.
    group.node.addDependency(props.cdnIdentifier);
    this.groupId = group.ref;
    // The attribute is `https://<host>`, although its name says domain name.
    this.host = Fn.select(2, Fn.split('/', group.attrDomainName));
    this.configurationIds = packagingConfigurations.map(
      (configuration) => `${props.configurationPrefix}${configuration.id}`,
    );
    for (const { id: configurationId, ...formats } of packagingConfigurations) {
      const [[format, fields] = [], another] = Object.entries(formats) as [
        keyof Formats,
        Package,
      ][];
      if (format === undefined || another !== undefined) {
        throw new SettingsError(
          `Packaging configuration ${configurationId} in ${file} must have exactly one package.`,
        );
      }
      const encrypted =
        props.drm === undefined
          ? fields
          : { ...fields, encryption: createEncryption(format, props.drm) };
      const configuration = new CfnPackagingConfiguration(this, configurationId, {
        id: `${props.configurationPrefix}${configurationId}`,
        packagingGroupId: this.groupId,
        [format]: encrypted,
      });
      if (props.drm !== undefined) configuration.node.addDependency(props.drm.keyServer);
    }
  }
}

type Formats = Omit<ConfigurationFile, 'id'>;

/**
 * The encryption of a format.
 *
 * SPEKE 2.0 supports only DASH and CMAF. HLS and Smooth Streaming use SPEKE 1.0.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/encryption-choosing-speke-version.html
 */
function createEncryption(format: keyof Formats, drm: NonNullable<PackagingProps['drm']>): Package {
  const provider = {
    roleArn: drm.keyServer.role.roleArn,
    url: drm.url,
    systemIds: listSystemIds(format, drm.systems),
  };
  switch (format) {
    case 'hlsPackage':
      return { encryptionMethod: 'SAMPLE_AES', spekeKeyProvider: provider };
    case 'dashPackage':
    case 'cmafPackage':
      return { spekeKeyProvider: { ...provider, encryptionContractConfiguration: SPEKE_2 } };
    case 'mssPackage':
      return { spekeKeyProvider: provider };
  }
}
