/** Harvests of live clips: the bucket for the media of all clips, `create-clip` and the `due` queue. */

import { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import { createMediaBucket } from '../asset/bucket.ts';
import { type Deployment, formatArn, RustFunction } from '../function/function.ts';
import { buildExpiryEnvironment, type Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import { allow, allowWide, restrictToAccount } from '../permission/permission.ts';
import { Due } from './due.ts';

export interface HarvestProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
}

export class Harvest extends Construct {
  readonly bucket: Bucket;
  readonly create: RustFunction;
  readonly due: Due;
  /** The environment of functions that start harvest jobs. */
  readonly harvestEnvironment: Record<string, string>;
  private readonly harvestRole: Role;

  constructor(scope: Construct, id: string, props: HarvestProps) {
    super(scope, id);
    const { settings, library, channels } = props;

    this.bucket = createMediaBucket(this, 'Bucket', settings);
    this.harvestRole = new Role(this, 'HarvestRole', {
      description: 'Lets MediaPackage write harvests into the bucket',
      assumedBy: restrictToAccount(this, 'mediapackage.amazonaws.com'),
    });
    allow(this.harvestRole, {
      actions: ['s3:ListBucket', 's3:GetBucketLocation'],
      resources: [this.bucket.bucketArn],
    });
    allowWide(this.harvestRole, {
      actions: ['s3:PutObject'],
      resources: [this.bucket.arnForObjects('clips/*')],
      because: 'MediaPackage chooses the names of segments under clips/.',
    });
    this.harvestEnvironment = {
      CHANNELS: channels.json,
      CLIPS_BUCKET: this.bucket.bucketName,
      HARVEST_ROLE_ARN: this.harvestRole.roleArn,
    };

    const startEnvironment = { ...this.harvestEnvironment, ...channels.originEnvironment };
    this.due = new Due(this, 'Due', { ...props, environment: startEnvironment });
    this.grantHarvest(this.due.harvest);

    this.create = new RustFunction(this, 'Create', {
      ...props,
      bin: 'create-clip',
      description: 'POST /api/clip: creates a clip of a live stream',
      environment: {
        ...library.environment,
        ...startEnvironment,
        ...this.due.environment,
        ...props.viewEnvironment,
        ...buildExpiryEnvironment(settings),
      },
    });
    library.grantWrite(this.create);
    this.grantHarvest(this.create);
    this.due.grantSendDueMessages(this.create);
  }

  /** Lets a function start and describe harvest jobs. */
  grantHarvest(harvester: RustFunction): void {
    harvester.allowWide({
      actions: ['mediapackage:CreateHarvestJob'],
      resources: ['*'],
      because: 'CreateHarvestJob has no resources that a policy could name.',
    });
    harvester.allowWide({
      actions: ['mediapackage:DescribeHarvestJob'],
      resources: [formatArn(this, 'mediapackage', 'harvest_jobs/*')],
      because: 'A harvest job is named after its clip, and a clip can have any name.',
    });
    harvester.allowPassRole(this.harvestRole, 'mediapackage.amazonaws.com');
  }

  /** Lets a function list the harvest jobs in progress. */
  grantListHarvests(lister: RustFunction): void {
    lister.allowWide({
      actions: ['mediapackage:ListHarvestJobs'],
      resources: ['*'],
      because: 'ListHarvestJobs has no resources that a policy could name.',
    });
  }
}
