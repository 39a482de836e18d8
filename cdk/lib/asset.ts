/** VOD assets: the packaging group, its lock, and the functions that hear of harvests and ingests. */

import { Duration } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { CdnIdentifier } from './cdn-identifier.ts';
import type { Channels } from './channels.ts';
import type { Due } from './due.ts';
import { KeyServer } from './drm.ts';
import { MEDIAPACKAGE, startOn, undeliveredQueue } from './events.ts';
import { type Deployment, RustFunction, arn } from './function.ts';
import type { Library } from './library.ts';
import { Packaging } from './packaging.ts';
import { allow, allowWide, actingFor } from './permission.ts';

export interface AssetProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** What a finished harvest frees a place for. */
  readonly due: Due;
  /** Where clips' media lies. */
  readonly bucket: Bucket;
  readonly packagingGroup: string;
}

export class Asset extends Construct {
  readonly packaging: Packaging;
  readonly cdnIdentifier: Secret;
  /** For whoever makes assets. */
  readonly environment: Record<string, string>;
  private readonly readRole: Role;

  constructor(scope: Construct, id: string, props: AssetProps) {
    super(scope, id);
    const { settings, library, channels, due, bucket } = props;

    const identifier = new CdnIdentifier(this, 'CdnIdentifier');
    this.cdnIdentifier = identifier.secret;
    this.packaging = new Packaging(this, 'Packaging', {
      file: props.packagingGroup,
      name: settings.name,
      cdnIdentifier: identifier,
      ...(settings.drm === undefined
        ? {}
        : { drm: { ...settings.drm, keyServer: new KeyServer(this, 'KeyServer', settings.drm) } }),
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
      PACKAGING_GROUP_ID: this.packaging.groupId,
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
        detail: { event: ['VodAssetPlayable'], packaging_configuration_id: [...this.packaging.configurationIds] },
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
