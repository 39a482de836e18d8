/** VOD assets: the packaging groups, their CDN identifier, and the role that reads media. */

import { type SecretValue, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { createDeadLetterQueue } from '../function/events.ts';
import { type Deployment, formatArn, type RustFunction } from '../function/function.ts';
import { CdnIdentifier } from '../mediapackage/cdn-identifier.ts';
import { KeyServer } from '../mediapackage/key-server.ts';
import { allow, allowWide } from '../permission/permission.ts';
import { Packaging } from './packaging.ts';
import { keepSeveralSounds, type PackagingGroupFile } from './packaging-groups.ts';

export interface AssetProps extends Deployment {
  /** The bucket with the media of clips. */
  readonly bucket: Bucket;
  /** In the order in which they are filled. */
  readonly packagingGroups: readonly PackagingGroupFile[];
}

/** A packaging group, and the prefix of its manifests' paths: empty for the first, `/2` for the second. */
export interface PackagingOrigin {
  readonly packaging: Packaging;
  readonly path: string;
}

export class Asset extends Construct {
  /** The groups, in the order in which they are filled. */
  readonly packagings: readonly PackagingOrigin[];
  /** What callers of the groups' origins send. */
  readonly cdnIdentifier: SecretValue;
  /** The environment of functions that create assets. */
  readonly environment: Record<string, string>;
  /** The environment of functions that read ids of packaging configurations. */
  readonly prefixEnvironment: Record<string, string>;
  /** The environment of functions that choose the sounds of clips. */
  readonly soundsEnvironment: Record<string, string>;
  /** Keeps the events of harvests and assets whose every attempt failed. */
  readonly deadLetterQueue: Queue;
  private readonly readRole: Role;

  constructor(scope: Construct, id: string, props: AssetProps) {
    super(scope, id);
    const { settings, bucket } = props;
    const { configurationPrefix = `${settings.name}-` } = settings;

    const identifier = new CdnIdentifier(this, 'CdnIdentifier', settings.identifierRound);
    this.cdnIdentifier = identifier.sent;
    const drm = settings.drm && {
      ...settings.drm,
      keyServer: new KeyServer(this, 'KeyServer', settings.drm),
    };
    this.packagings = props.packagingGroups.map((group, at) => {
      const packaging = new Packaging(this, at === 0 ? 'Packaging' : `Packaging-${group.id}`, {
        group,
        name: settings.name,
        configurationPrefix,
        cdnIdentifier: identifier,
        ...(drm === undefined ? {} : { drm }),
      });
      return { packaging, path: at === 0 ? '' : `/${at + 1}` };
    });

    this.soundsEnvironment = keepSeveralSounds(props.packagingGroups)
      ? { SEVERAL_SOUNDS: 'true' }
      : {};

    this.readRole = new Role(this, 'ReadRole', {
      description: 'Lets MediaPackage VOD read clips',
      assumedBy: new ServicePrincipal('mediapackage.amazonaws.com'),
    });
    allow(this.readRole, {
      actions: ['s3:ListBucket', 's3:GetBucketLocation', 's3:GetBucketRequestPayment'],
      resources: [bucket.bucketArn],
    });
    allowWide(this.readRole, {
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects('clips/*')],
      because: 'MediaPackage VOD reads the manifest and segments of every clip under clips/.',
    });
    this.prefixEnvironment = { CONFIGURATION_PREFIX: configurationPrefix };
    this.environment = {
      ...this.prefixEnvironment,
      CLIPS_BUCKET: bucket.bucketName,
      ASSET_ROLE_ARN: this.readRole.roleArn,
      PACKAGING_GROUPS: Stack.of(this).toJsonString(
        this.packagings.map(({ packaging: { groupId: group }, path }) => ({ id: group, path })),
      ),
    };

    this.deadLetterQueue = createDeadLetterQueue(this, 'Undelivered');
    props.alarms.addQueueAlarm('harvest and asset events', this.deadLetterQueue, {
      id: 'events of harvests and assets',
      runbook: 'events-that-failed',
    });
  }

  /** Lets the sweep read the number of assets in each group. */
  grantCountAssets(sweep: RustFunction): void {
    const groups = this.packagings.map(({ packaging }) =>
      formatArn(this, 'mediapackage-vod', `packaging-groups/${packaging.name}`),
    );
    sweep.allow({ actions: ['mediapackage-vod:DescribePackagingGroup'], resources: groups });
  }

  /** Lets a function create and describe assets, and delete the asset of an earlier attempt. */
  grantCreateAssets(creator: RustFunction): void {
    creator.allowWide({
      actions: ['mediapackage-vod:CreateAsset'],
      resources: ['*'],
      because: 'CreateAsset has no resources that a policy could name.',
    });
    creator.allowWide({
      actions: ['mediapackage-vod:DescribeAsset', 'mediapackage-vod:DeleteAsset'],
      resources: [formatArn(this, 'mediapackage-vod', 'assets/*')],
      because: 'An asset is named after its clip, and a clip can have any name.',
    });
    creator.allowPassRole(this.readRole, 'mediapackage.amazonaws.com');
  }
}
