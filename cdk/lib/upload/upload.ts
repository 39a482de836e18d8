/** Uploads: the bucket of originals, the routes that presign requests to it, and their transcoding. */

import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Role } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type Bucket, type CfnBucket, HttpMethods } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import type { Asset } from '../asset/asset.ts';
import { createMediaBucket, grantDeleteMedia } from '../asset/bucket.ts';
import {
  computeVisibilityTimeout,
  createDeadLetterQueue,
  createQueue,
  startOnEvent,
} from '../function/events.ts';
import { type Deployment, formatArn, RustFunction } from '../function/function.ts';
import { findTimeout } from '../function/timeouts.ts';
import {
  buildAssetExpiryEnvironment,
  buildExpiryEnvironment,
  buildFilesEnvironment,
  type Library,
} from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import { allowWide, restrictToAccount } from '../permission/permission.ts';
import type { Settings } from '../settings/settings.ts';

/** The source of MediaConvert's events. Unlike MediaPackage's, these are not lost. */
export const MEDIACONVERT = 'aws.mediaconvert';

/**
 * How many files are probed at the same time. MediaConvert takes up to a minute for a large file, and
 * accepts two jobs a second.
 */
const MAX_PROBES = 10;
/** `transcode-upload` fails a clip after ten minutes of failed probes, so sooner than this. */
const MAX_RECEIVES = 10;

export interface UploadProps extends Deployment {
  readonly library: Library;
  /** The bucket with the media of clips. */
  readonly clips: Bucket;
  readonly channels: Channels;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
  readonly asset: Asset;
}

export class Upload extends Construct {
  readonly bucket: Bucket;
  /** The functions behind the routes for uploads. */
  readonly functions: readonly RustFunction[];
  /** The environment of functions that start or check transcoding jobs. */
  readonly environment: Record<string, string>;
  /** The environment of functions that start jobs for the files of clips. */
  readonly filesEnvironment: Record<string, string>;
  /** The role of MediaConvert. */
  readonly transcodeRole: Role;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: UploadProps,
  ) {
    super(scope, id);
    const { library, asset, clips } = props;
    this.bucket = this.createBucket();
    this.transcodeRole = new Role(this, 'TranscodeRole', {
      description: 'Lets MediaConvert read originals and write renditions',
      assumedBy: restrictToAccount(this, 'mediaconvert.amazonaws.com'),
    });
    allowWide(this.transcodeRole, {
      actions: ['s3:GetObject'],
      resources: [this.bucket.arnForObjects('*')],
      because: 'Every object of the bucket is an original.',
    });
    allowWide(this.transcodeRole, {
      actions: ['s3:GetObject'],
      resources: [clips.arnForObjects('clips/*')],
      because: 'The files of a clip are made from its segments, whose names MediaPackage chooses.',
    });
    allowWide(this.transcodeRole, {
      actions: ['s3:PutObject'],
      resources: [clips.arnForObjects('clips/*'), clips.arnForObjects('thumbnails/*')],
      because: 'MediaConvert chooses the names of segments and thumbnails.',
    });
    this.filesEnvironment = {
      CLIPS_BUCKET: clips.bucketName,
      TRANSCODE_ROLE_ARN: this.transcodeRole.roleArn,
    };
    this.environment = {
      UPLOADS_BUCKET: this.bucket.bucketName,
      ...this.filesEnvironment,
      ...asset.soundsEnvironment,
    };

    const deadLetterQueue = createDeadLetterQueue(this, 'Undelivered');
    props.alarms.addQueueAlarm('upload events', deadLetterQueue, {
      id: 'events of uploads',
      runbook: 'events-that-failed',
    });
    this.functions = this.addRoutes();
    this.addTranscode(deadLetterQueue);

    const complete = new RustFunction(this, 'TranscodeComplete', {
      ...props,
      bin: 'transcode-complete',
      description: 'Creates the VOD asset of a transcoded upload',
      environment: {
        ...library.environment,
        ...asset.environment,
        ...buildAssetExpiryEnvironment(props.settings),
        ...buildFilesEnvironment(props.settings),
        ...this.filesEnvironment,
      },
      deadLetterQueue,
    });
    library.grantWrite(complete);
    asset.grantCreateAssets(complete);
    grantDeleteMedia(complete, clips);
    this.grantStartFileJobs(complete);
    this.grantWriteStoryboards(complete);
    startOnEvent(
      this,
      'Transcoded',
      {
        source: [MEDIACONVERT],
        detailType: ['MediaConvert Job State Change'],
        detail: {
          status: ['COMPLETE', 'ERROR', 'CANCELED', 'STATUS_UPDATE'],
          queue: [formatArn(this, 'mediaconvert', 'queues/Default')],
        },
      },
      complete,
      deadLetterQueue,
    );
  }

  /** Lets the sweep start and check transcodes whose event was lost, and delete abandoned uploads. */
  grantSweep(sweep: RustFunction): void {
    this.grantTranscode(sweep);
    this.grantReadManifests(sweep);
    this.grantWriteStoryboards(sweep);
    grantDeleteMedia(sweep, this.props.clips);
    this.grantOnOriginals(sweep, [
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      // To join the parts of a file again.
      's3:ListMultipartUploadParts',
      's3:PutObject',
    ]);
    this.grantListMultipartUploads(sweep);
    this.props.library.grantDelete(sweep);
    sweep.allowWide({
      actions: ['mediaconvert:GetJob'],
      resources: [formatArn(this, 'mediaconvert', 'jobs/*')],
      because: 'MediaConvert chooses the ids of jobs.',
    });
  }

  /** Lets a function start the job that makes the files of a clip. */
  grantStartFileJobs(starter: RustFunction): void {
    starter.allowWide({
      actions: ['mediaconvert:CreateJob'],
      resources: ['*'],
      because: 'A job without queue and template has no resources that a policy could name.',
    });
    starter.allowPassRole(this.transcodeRole, 'mediaconvert.amazonaws.com');
    this.grantReadManifests(starter);
  }

  /** Lets a function read the manifests of clips. S3 answers 404 only to callers that may list the bucket. */
  private grantReadManifests(reader: RustFunction): void {
    reader.allow({ actions: ['s3:ListBucket'], resources: [this.props.clips.bucketArn] });
    reader.allowWide({
      actions: ['s3:GetObject'],
      resources: [this.props.clips.arnForObjects('clips/*/index.m3u8')],
      because: 'The keys contain competition, clip and attempt.',
    });
  }

  private grantWriteStoryboards(writer: RustFunction): void {
    writer.allowWide({
      actions: ['s3:PutObject'],
      resources: [this.props.clips.arnForObjects('clips/*/storyboard.vtt')],
      because: 'The keys contain competition, clip and attempt.',
    });
  }

  /** Lets a function read an original and start its transcoding job. */
  private grantTranscode(starter: RustFunction): void {
    this.grantReadOriginals(starter);
    this.grantOnOriginals(starter, ['s3:GetObjectTagging']);
    starter.allowWide({
      actions: ['mediaconvert:CreateJob', 'mediaconvert:SearchJobs', 'mediaconvert:Probe'],
      resources: ['*'],
      because:
        'A job without queue and template, a search and a probe have no resources that a policy could name.',
    });
    starter.allowPassRole(this.transcodeRole, 'mediaconvert.amazonaws.com');
  }

  /** Lets a function check if an original exists. S3 answers 404 only to callers that may list the bucket. */
  private grantReadOriginals(reader: RustFunction): void {
    this.grantOnOriginals(reader, ['s3:GetObject']);
    reader.allow({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
  }

  /** Lets a function list multipart uploads that are not complete. */
  private grantListMultipartUploads(reader: RustFunction): void {
    reader.allow({
      actions: ['s3:ListBucketMultipartUploads'],
      resources: [this.bucket.bucketArn],
    });
  }

  private createBucket(): Bucket {
    const { settings } = this.props;
    const expiry = settings.originalsExpireAfterDays;
    const bucket = createMediaBucket(this, 'Originals', settings, {
      cors: [
        {
          allowedOrigins: listSenders(settings),
          allowedMethods: [HttpMethods.PUT],
          allowedHeaders: ['*'],
          // The request that completes a multipart upload needs the ETags of its parts.
          exposedHeaders: ['ETag'],
          maxAge: 3600,
        },
      ],
      ...(expiry === undefined
        ? {}
        : { lifecycleRules: [{ id: 'expiry', expiration: Duration.days(expiry) }] }),
    });
    // CDK's `eventBridgeEnabled` would add a Lambda function for this property.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }

  private addRoutes(): RustFunction[] {
    const { settings, library, channels, viewEnvironment } = this.props;
    const environment = { ...library.environment, UPLOADS_BUCKET: this.bucket.bucketName };
    const showEnvironment = { ...environment, ...viewEnvironment, CHANNELS: channels.json };

    const create = new RustFunction(this, 'Create', {
      ...this.props,
      bin: 'create-upload',
      description: 'POST /api/uploads: creates an upload and presigns its requests',
      environment: { ...showEnvironment, ...buildExpiryEnvironment(settings) },
    });
    library.grantWrite(create);
    this.grantOnOriginals(create, ['s3:PutObject']);
    // A repeated request with the same key continues the multipart upload of the first.
    this.grantListMultipartUploads(create);

    const parts = new RustFunction(this, 'Parts', {
      ...this.props,
      bin: 'list-upload-parts',
      description:
        'GET /api/uploads/{competitionId}/{clipId}/parts: presigns requests for parts, and lists the arrived ones',
      environment,
    });
    library.grantRead(parts);
    this.grantOnOriginals(parts, ['s3:PutObject', 's3:ListMultipartUploadParts']);

    const complete = new RustFunction(this, 'Complete', {
      ...this.props,
      bin: 'complete-upload',
      description: 'POST /api/uploads/{competitionId}/{clipId}/complete: joins the parts',
      environment: showEnvironment,
    });
    library.grantWrite(complete);
    this.grantOnOriginals(complete, ['s3:PutObject']);
    this.grantReadOriginals(complete);
    return [create, parts, complete];
  }

  /**
   * Adds `transcode-upload` behind a queue of the originals that arrived.
   *
   * The queue has no order, so that a file that MediaConvert cannot probe does not hold up the files
   * behind it. EventBridge could not put each file into a message group of its own: the group is a
   * constant of the rule. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html
   * No order is needed: the id of a clip is derived from the object, and rows are written
   * conditionally.
   */
  private addTranscode(deadLetterQueue: IQueue): void {
    const { settings, library } = this.props;
    const failed = createDeadLetterQueue(this, 'Untranscoded');
    this.props.alarms.addQueueAlarm('arrived uploads', failed, {
      runbook: 'arrived-uploads-that-failed',
    });
    const arrived = createQueue(this, 'Arrived', {
      visibilityTimeout: computeVisibilityTimeout(findTimeout('transcode-upload')),
      deadLetterQueue: { queue: failed, maxReceiveCount: MAX_RECEIVES },
    });
    new Rule(this, 'ObjectCreated', {
      description: 'Queues originals that arrived',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [this.bucket.bucketName] } },
      },
      targets: [new SqsQueue(arrived, { deadLetterQueue })],
    });
    const transcode = new RustFunction(this, 'Transcode', {
      ...this.props,
      bin: 'transcode-upload',
      description: 'Starts the transcoding job of an original that arrived',
      environment: {
        ...library.environment,
        ...this.environment,
        ...buildExpiryEnvironment(settings),
      },
    });
    transcode.lambda.addEventSource(
      new SqsEventSource(arrived, { batchSize: 1, maxConcurrency: MAX_PROBES }),
    );
    library.grantWrite(transcode);
    this.grantTranscode(transcode);
  }

  /** The origin of presigned URLs. */
  get origin(): string {
    return `https://${this.bucket.bucketRegionalDomainName}`;
  }

  private grantOnOriginals(target: RustFunction, actions: readonly string[]): void {
    target.allowWide({
      actions,
      resources: [this.bucket.arnForObjects('*')],
      because: 'An original is named after its clip, and a clip can have any name.',
    });
  }
}

/**
 * The pages that may send files: those of `allowedOrigins`, and the console.
 *
 * The name of the distribution would be a circular reference, because the headers of its pages name
 * the bucket. Without a domain of its own, the console is therefore any page of CloudFront: nothing is
 * gained without a presigned URL.
 */
function listSenders({ allowedOrigins, domain }: Settings): string[] {
  if (allowedOrigins.includes('*')) return ['*'];
  return [
    ...allowedOrigins,
    domain === undefined ? 'https://*.cloudfront.net' : `https://${domain}`,
  ];
}
