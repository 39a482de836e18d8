/** VOD assets: the packaging group, its lock, and the functions that hear of harvests and ingests. */

import { Duration, Stack } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { mayRemoveMedia } from './bucket.ts';
import { CdnIdentifier } from './cdn-identifier.ts';
import type { Channels } from './channels.ts';
import type { Due } from './due.ts';
import { KeyServer } from './drm.ts';
import { MEDIAPACKAGE, startOn, undeliveredQueue } from './events.ts';
import { type Deployment, RustFunction, arn } from './function.ts';
import type { Library } from './library.ts';
import { Packaging } from './packaging.ts';
import type { PackagingGroupFile } from './packaging-files.ts';
import { allow, allowWide, actingFor } from './permission.ts';

export interface AssetProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** What a finished harvest frees a place for. */
  readonly due: Due;
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
  private readonly readRole: Role;

  constructor(scope: Construct, id: string, props: AssetProps) {
    super(scope, id);
    const { settings, library, channels, due, bucket } = props;

    const identifier = new CdnIdentifier(this, 'CdnIdentifier');
    this.cdnIdentifier = identifier.secret;
    const drm = settings.drm && { ...settings.drm, keyServer: new KeyServer(this, 'KeyServer', settings.drm) };
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
      because: 'MediaPackage VOD reads the manifest and segments of every clip; all are under clips/.',
    });
    this.environment = {
      CLIPS_BUCKET: bucket.bucketName,
      ASSET_ROLE_ARN: this.readRole.roleArn,
      PACKAGING_GROUPS: Stack.of(this).toJsonString(
        this.packagings.map(({ packaging: { groupId: group }, path }) => ({ id: group, path })),
      ),
    };

    const undelivered = undeliveredQueue(this, 'Undelivered');
    props.alarms.ofUndelivered('events of harvests and assets', undelivered, 'undelivered-events');

    const harvestComplete = new RustFunction(this, 'HarvestComplete', {
      ...props,
      bin: 'harvest-complete',
      description: 'A finished harvest job becomes a VOD asset',
      environment: { ...library.environment, ...this.environment, ...due.environment, CHANNELS: channels.json },
      timeout: Duration.seconds(60),
      undelivered,
    });
    library.mayWrite(harvestComplete);
    this.mayMakeAssets(harvestComplete);
    mayRemoveMedia(harvestComplete, bucket);
    due.mayWake(harvestComplete);
    startOn(
      this,
      'Harvested',
      {
        source: [MEDIAPACKAGE],
        detailType: ['MediaPackage HarvestJob Notification'],
        detail: {
          harvest_job: { origin_endpoint_id: channels.harvestEndpointIds, status: ['SUCCEEDED', 'FAILED'] },
        },
      },
      harvestComplete,
      undelivered,
    );

    const assetPlayable = new RustFunction(this, 'AssetPlayable', {
      ...props,
      bin: 'asset-playable',
      description: 'A clip whose every format plays is ready',
      environment: library.environment,
      timeout: Duration.seconds(60),
      undelivered,
    });
    library.mayWrite(assetPlayable);
    startOn(
      this,
      'Playable',
      {
        source: [MEDIAPACKAGE],
        detailType: ['MediaPackage Input Notification'],
        detail: { event: ['VodAssetPlayable'], packaging_configuration_id: this.packagings.flatMap((it) => it.packaging.configurationIds) },
      },
      assetPlayable,
      undelivered,
    );
    // An ingest error names its asset only, and live channels report under the same detail type.
    startOn(
      this,
      'IngestFailed',
      {
        source: [MEDIAPACKAGE],
        detailType: ['MediaPackage Input Notification'],
        resources: [{ prefix: `${arn(this, 'mediapackage-vod', 'assets')}/` }] as unknown as string[],
        detail: { event: ['IngestError'] },
      },
      assetPlayable,
      undelivered,
    );
  }

  /** Lets the sweep see how full each group is. */
  mayCount(sweep: RustFunction): void {
    const groups = this.packagings.map(({ packaging }) => arn(this, 'mediapackage-vod', `packaging-groups/${packaging.name}`));
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
