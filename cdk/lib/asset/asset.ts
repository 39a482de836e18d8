/** VOD assets: the packaging group, its lock, and the functions that hear of harvests and ingests. */

import { Stack } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { undeliveredQueue } from '../function/events.ts';
import { arn, type Deployment, type RustFunction } from '../function/function.ts';
import { CdnIdentifier } from '../mediapackage/cdn-identifier.ts';
import { KeyServer } from '../mediapackage/key-server.ts';
import { actingFor, allow, allowWide } from '../permission/permission.ts';
import { Packaging } from './packaging.ts';
import type { PackagingGroupFile } from './packaging-groups.ts';

export interface AssetProps extends Deployment {
  /** Where clips' media lies. */
  readonly bucket: Bucket;
  /** In the order in which they are filled. */
  readonly packagingGroups: readonly PackagingGroupFile[];
}

/** A packaging group, and what stands before the paths of its manifests: nothing of the first, `/2` of the second. */
export interface PackagingOrigin {
  readonly packaging: Packaging;
  readonly path: string;
}

export class Asset extends Construct {
  /** Where the assets of each group are, in the order in which groups are filled. */
  readonly packagings: readonly PackagingOrigin[];
  readonly cdnIdentifier: Secret;
  /** For whoever makes assets. */
  readonly environment: Record<string, string>;
  /** Keeps events that started no function. */
  readonly undelivered: Queue;
  private readonly readRole: Role;

  constructor(scope: Construct, id: string, props: AssetProps) {
    super(scope, id);
    const { settings, bucket } = props;

    const identifier = new CdnIdentifier(this, 'CdnIdentifier');
    this.cdnIdentifier = identifier.secret;
    const drm = settings.drm && {
      ...settings.drm,
      keyServer: new KeyServer(this, 'KeyServer', settings.drm),
    };
    this.packagings = props.packagingGroups.map((group, at) => {
      const packaging = new Packaging(this, at === 0 ? 'Packaging' : `Packaging-${group.id}`, {
        group,
        name: settings.name,
        cdnIdentifier: identifier,
        ...(drm === undefined ? {} : { drm }),
      });
      return { packaging, path: at === 0 ? '' : `/${at + 1}` };
    });

    this.readRole = new Role(this, 'ReadRole', {
      description: 'What MediaPackage VOD may do to read clips',
      assumedBy: actingFor(this, 'mediapackage.amazonaws.com'),
    });
    allow(this.readRole, {
      actions: ['s3:ListBucket', 's3:GetBucketLocation', 's3:GetBucketRequestPayment'],
      resources: [bucket.bucketArn],
    });
    allowWide(this.readRole, {
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects('clips/*')],
      because:
        'MediaPackage VOD reads the manifest and segments of every clip; all are under clips/.',
    });
    this.environment = {
      CLIPS_BUCKET: bucket.bucketName,
      ASSET_ROLE_ARN: this.readRole.roleArn,
      PACKAGING_GROUPS: Stack.of(this).toJsonString(
        this.packagings.map(({ packaging: { groupId: group }, path }) => ({ id: group, path })),
      ),
    };

    this.undelivered = undeliveredQueue(this, 'Undelivered');
    props.alarms.ofUndelivered(
      'events of harvests and assets',
      this.undelivered,
      'undelivered-events',
    );
  }

  /** Lets the sweep see how full each group is. */
  mayCount(sweep: RustFunction): void {
    const groups = this.packagings.map(({ packaging }) =>
      arn(this, 'mediapackage-vod', `packaging-groups/${packaging.name}`),
    );
    sweep.may({ actions: ['mediapackage-vod:DescribePackagingGroup'], resources: groups });
  }

  /** Lets a function make and describe assets; what a retry makes replaces what the attempt before made. */
  mayMakeAssets(maker: RustFunction): void {
    maker.mayWidely({
      actions: ['mediapackage-vod:CreateAsset'],
      resources: ['*'],
      because: 'CreateAsset knows no resources that a policy could name.',
    });
    maker.mayWidely({
      actions: ['mediapackage-vod:DescribeAsset', 'mediapackage-vod:DeleteAsset'],
      resources: [arn(this, 'mediapackage-vod', 'assets/*')],
      because: 'An asset is named after its clip, which can have any name.',
    });
    maker.mayPass(this.readRole, 'mediapackage.amazonaws.com');
  }
}
