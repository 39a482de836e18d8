/** A packaging group, made of its file. */

import { Fn } from 'aws-cdk-lib';
import { CfnPackagingConfiguration, CfnPackagingGroup } from 'aws-cdk-lib/aws-mediapackage';
import { Construct } from 'constructs';

import type { CdnIdentifier } from '../mediapackage/cdn-identifier.ts';
import { type KeyServer, SPEKE_2, systemIds } from '../mediapackage/key-server.ts';
import { type DrmSettings, SettingsError } from '../settings/settings.ts';
import type { ConfigurationFile, Package, PackagingGroupFile } from './packaging-groups.ts';

export interface PackagingProps {
  readonly group: PackagingGroupFile;
  /** Begins the group's id. */
  readonly name: string;
  /** The group's lock. */
  readonly cdnIdentifier: CdnIdentifier;
  /** Encrypts every format with keys of a server. */
  readonly drm?: DrmSettings & { readonly keyServer: KeyServer };
}

/** A packaging group: the formats that each of its clips is made playable in. */
export class Packaging extends Construct {
  readonly groupId: string;
  /** What the id will be, for who cannot wait until the group is made. */
  readonly name: string;
  /** The host of its assets' manifests. */
  readonly host: string;
  /** The ids of its configurations; `manifests` of a clip has their formats as keys. */
  readonly configurationIds: readonly string[];

  constructor(scope: Construct, id: string, props: PackagingProps) {
    super(scope, id);
    const { file, id: groupId, packagingConfigurations } = props.group;
    this.name = `${props.name}-${groupId}`;
    const group = new CfnPackagingGroup(this, 'Group', {
      id: this.name,
      authorization: props.cdnIdentifier.authorization,
    });
    // MediaPackage reads the secret when the group is made: its role has to be complete by then.
    group.node.addDependency(props.cdnIdentifier);
    this.groupId = group.ref;
    // `https://<host>`, though it is called a domain name.
    this.host = Fn.select(2, Fn.split('/', group.attrDomainName));
    this.configurationIds = packagingConfigurations.map((configuration) => configuration.id);
    for (const { id: configurationId, ...formats } of packagingConfigurations) {
      const [[format, fields] = [], another] = Object.entries(formats) as [
        keyof Formats,
        Package,
      ][];
      if (format === undefined || another !== undefined) {
        throw new SettingsError(
          `Packaging configuration ${configurationId} of ${file} needs exactly one package.`,
        );
      }
      const encrypted =
        props.drm === undefined ? fields : { ...fields, encryption: encryption(format, props.drm) };
      const configuration = new CfnPackagingConfiguration(this, configurationId, {
        id: configurationId,
        packagingGroupId: this.groupId,
        [format]: encrypted,
      });
      if (props.drm !== undefined) configuration.node.addDependency(props.drm.keyServer);
    }
  }
}

type Formats = Omit<ConfigurationFile, 'id'>;

/**
 * How a format is encrypted.
 *
 * SPEKE 2.0 serves DASH and CMAF only; HLS and Smooth Streaming take 1.0.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/encryption-choosing-speke-version.html
 */
function encryption(format: keyof Formats, drm: NonNullable<PackagingProps['drm']>): Package {
  const provider = {
    roleArn: drm.keyServer.role.roleArn,
    url: drm.url,
    systemIds: systemIds(format, drm.systems),
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
