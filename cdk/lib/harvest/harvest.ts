/** Clips cut out of live: the bucket of all clips' media, harvest jobs, and who asks for them. */

import { Duration } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import { mediaBucket } from '../asset/bucket.ts';
import { arn, type Deployment, RustFunction } from '../function/function.ts';
import { expiryEnvironment, type Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import { actingFor, allow, allowWide } from '../permission/permission.ts';
import { Due } from './due.ts';

export interface HarvestProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** What functions that show clips need to know. */
  readonly viewEnvironment: Record<string, string>;
}

export class Harvest extends Construct {
  readonly bucket: Bucket;
  readonly create: RustFunction;
  readonly due: Due;
  /** For whoever asks for harvests. */
  readonly harvestEnvironment: Record<string, string>;
  private readonly harvestRole: Role;

  constructor(scope: Construct, id: string, props: HarvestProps) {
    super(scope, id);
    const { settings, library, channels } = props;

    this.bucket = mediaBucket(this, 'Bucket', settings);
    this.harvestRole = new Role(this, 'HarvestRole', {
      description: 'What MediaPackage may do to put a harvest into the bucket',
      assumedBy: actingFor(this, 'mediapackage.amazonaws.com'),
    });
    allow(this.harvestRole, {
      actions: ['s3:ListBucket', 's3:GetBucketLocation'],
      resources: [this.bucket.bucketArn],
    });
    allowWide(this.harvestRole, {
      actions: ['s3:PutObject'],
      resources: [this.bucket.arnForObjects('clips/*')],
      because: 'The names of segments are known to MediaPackage only; all are under clips/.',
    });
    this.harvestEnvironment = {
      CHANNELS: channels.json,
      CLIPS_BUCKET: this.bucket.bucketName,
      HARVEST_ROLE_ARN: this.harvestRole.roleArn,
    };

    const starting = { ...this.harvestEnvironment, ...channels.originEnvironment };
    this.due = new Due(this, 'Due', { ...props, environment: starting });
    this.mayHarvest(this.due.harvest);

    this.create = new RustFunction(this, 'Create', {
      ...props,
      bin: 'create-clip',
      description: `POST /api/clip: cuts a clip out of a live stream (identifier ${settings.identifierRound})`,
      environment: {
        ...library.environment,
        ...starting,
        ...this.due.environment,
        ...props.viewEnvironment,
        ...expiryEnvironment(settings),
      },
      timeout: Duration.seconds(29),
    });
    library.mayWrite(this.create);
    this.mayHarvest(this.create);
    this.due.mayWake(this.create);
  }

  /** Lets a function start and describe harvest jobs. */
  mayHarvest(harvester: RustFunction): void {
    harvester.mayWidely({
      actions: ['mediapackage:CreateHarvestJob'],
      resources: ['*'],
      because: 'CreateHarvestJob knows no resources that a policy could name.',
    });
    harvester.mayWidely({
      actions: ['mediapackage:DescribeHarvestJob'],
      resources: [arn(this, 'mediapackage', 'harvest_jobs/*')],
      because: 'A harvest job is named after its clip, which can have any name.',
    });
    harvester.mayPass(this.harvestRole, 'mediapackage.amazonaws.com');
  }
}
