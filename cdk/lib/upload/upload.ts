/** Uploads: the bucket of originals, the presigned ways into it, and the jobs made of what arrives. */

import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Role } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type Bucket, type CfnBucket, HttpMethods } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import type { Asset } from '../asset/asset.ts';
import { mayRemoveMedia, mediaBucket } from '../asset/bucket.ts';
import { hiddenFor, keptQueue, startOn, undeliveredQueue } from '../function/events.ts';
import { arn, type Deployment, RustFunction } from '../function/function.ts';
import { expiryEnvironment, type Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import { actingFor, allowWide } from '../permission/permission.ts';

/** MediaConvert's events, which unlike MediaPackage's are not lost. */
export const MEDIACONVERT = 'aws.mediaconvert';

const TRANSCODE_TIMEOUT = Duration.minutes(2);

export interface UploadProps extends Deployment {
  readonly library: Library;
  /** Where clips' media lies. */
  readonly clips: Bucket;
  readonly channels: Channels;
  /** What functions that show clips need to know. */
  readonly viewEnvironment: Record<string, string>;
  readonly asset: Asset;
}

export class Upload extends Construct {
  readonly bucket: Bucket;
  /** The functions behind the routes of uploads. */
  readonly functions: readonly RustFunction[];
  /** For whoever starts or looks after transcoding jobs. */
  readonly environment: Record<string, string>;
  private readonly transcodeRole: Role;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: UploadProps,
  ) {
    super(scope, id);
    const { library, asset, clips } = props;
    this.bucket = this.originals();
    this.transcodeRole = new Role(this, 'TranscodeRole', {
      description: 'What MediaConvert may do to read originals and write renditions',
      assumedBy: actingFor(this, 'mediaconvert.amazonaws.com'),
    });
    allowWide(this.transcodeRole, {
      actions: ['s3:GetObject'],
      resources: [this.bucket.arnForObjects('*')],
      because: 'Every object of the bucket is an original.',
    });
    allowWide(this.transcodeRole, {
      actions: ['s3:PutObject'],
      resources: [clips.arnForObjects('clips/*'), clips.arnForObjects('thumbnails/*')],
      because: 'The names of segments and thumbnails are known to MediaConvert only.',
    });
    this.environment = {
      UPLOADS_BUCKET: this.bucket.bucketName,
      CLIPS_BUCKET: clips.bucketName,
      TRANSCODE_ROLE_ARN: this.transcodeRole.roleArn,
    };

    const undelivered = undeliveredQueue(this, 'Undelivered');
    props.alarms.ofUndelivered('events of uploads', undelivered, 'undelivered-events');
    this.functions = this.routes();
    this.transcode(undelivered);

    const complete = new RustFunction(this, 'TranscodeComplete', {
      ...props,
      bin: 'transcode-complete',
      description: 'Renditions of an upload become a VOD asset',
      environment: { ...library.environment, ...asset.environment },
      timeout: Duration.seconds(60),
      undelivered,
    });
    library.mayWrite(complete);
    asset.mayMakeAssets(complete);
    mayRemoveMedia(complete, clips);
    startOn(
      this,
      'Transcoded',
      {
        source: [MEDIACONVERT],
        detailType: ['MediaConvert Job State Change'],
        detail: {
          status: ['COMPLETE', 'ERROR', 'CANCELED', 'STATUS_UPDATE'],
          queue: [arn(this, 'mediaconvert', 'queues/Default')],
        },
      },
      complete,
      undelivered,
    );
  }

  /** Lets the sweep do for uploads what its events would have done, and end those that never came. */
  maySweep(sweep: RustFunction): void {
    this.mayTakeIn(sweep);
    mayRemoveMedia(sweep, this.props.clips);
    this.mayOnOriginals(sweep, ['s3:AbortMultipartUpload', 's3:DeleteObject']);
    this.mayListUnfinished(sweep);
    this.props.library.mayForget(sweep);
    sweep.mayWidely({
      actions: ['mediaconvert:GetJob'],
      resources: [arn(this, 'mediaconvert', 'jobs/*')],
      because: 'MediaConvert names jobs itself.',
    });
  }

  /** Lets a function look at an original, and start the job that transcodes it. */
  private mayTakeIn(taker: RustFunction): void {
    this.mayLook(taker);
    this.mayOnOriginals(taker, ['s3:GetObjectTagging']);
    taker.mayWidely({
      actions: ['mediaconvert:CreateJob', 'mediaconvert:SearchJobs', 'mediaconvert:Probe'],
      resources: ['*'],
      because:
        'A job that names neither queue nor template, a search and a probe have no resources that a policy could name.',
    });
    taker.mayPass(this.transcodeRole, 'mediaconvert.amazonaws.com');
  }

  /** Lets a function see whether an original is there; S3 says so only to who may list the bucket. */
  private mayLook(looker: RustFunction): void {
    this.mayOnOriginals(looker, ['s3:GetObject']);
    looker.may({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
  }

  /** Lets a function see which uploads in parts were begun. */
  private mayListUnfinished(looker: RustFunction): void {
    looker.may({ actions: ['s3:ListBucketMultipartUploads'], resources: [this.bucket.bucketArn] });
  }

  private originals(): Bucket {
    const { settings } = this.props;
    const expiry = settings.originalsExpireAfterDays;
    const bucket = mediaBucket(this, 'Originals', settings, {
      cors: [
        {
          allowedOrigins: [...settings.allowedOrigins],
          allowedMethods: [HttpMethods.PUT],
          allowedHeaders: ['*'],
          // A multipart upload is completed with the ETags of its parts.
          exposedHeaders: ['ETag'],
          maxAge: 3600,
        },
      ],
      ...(expiry === undefined
        ? {}
        : { lifecycleRules: [{ id: 'expiry', expiration: Duration.days(expiry) }] }),
    });
    // `eventBridgeEnabled` would add a function to switch on what CloudFormation can say by itself.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }

  private routes(): RustFunction[] {
    const { settings, library, channels, viewEnvironment } = this.props;
    const environment = { ...library.environment, UPLOADS_BUCKET: this.bucket.bucketName };
    const shown = { ...environment, ...viewEnvironment, CHANNELS: channels.json };

    const create = new RustFunction(this, 'Create', {
      ...this.props,
      bin: 'create-upload',
      description: 'POST /api/uploads: where to put a file',
      environment: { ...shown, ...expiryEnvironment(settings) },
    });
    library.mayWrite(create);
    this.mayOnOriginals(create, ['s3:PutObject']);
    // Of two requests with one key, the second goes on with what the first began.
    this.mayListUnfinished(create);

    const parts = new RustFunction(this, 'Parts', {
      ...this.props,
      bin: 'list-upload-parts',
      description: 'GET /api/uploads/{competitionId}/{clipId}/parts: where to put its parts',
      environment,
    });
    library.mayFind(parts);
    this.mayOnOriginals(parts, ['s3:PutObject']);

    const complete = new RustFunction(this, 'Complete', {
      ...this.props,
      bin: 'complete-upload',
      description: 'POST /api/uploads/{competitionId}/{clipId}/complete: all parts are there',
      environment: shown,
    });
    library.mayFind(complete);
    this.mayOnOriginals(complete, ['s3:PutObject']);
    this.mayLook(complete);
    return [create, parts, complete];
  }

  /**
   * Originals are transcoded in the order of their arrival, one at a time: of two files put under
   * one name, the later one has to win.
   */
  private transcode(undelivered: IQueue): void {
    const { settings, library } = this.props;
    const failed = undeliveredQueue(this, 'Untranscoded', { fifo: true });
    this.props.alarms.ofUndelivered('arrived uploads', failed, 'arrived-uploads-that-failed');
    const arrived = keptQueue(this, 'Arrived', {
      fifo: true,
      contentBasedDeduplication: true,
      // All messages are of one group: none is taken while a function is at the one before it.
      visibilityTimeout: hiddenFor(TRANSCODE_TIMEOUT),
      deadLetterQueue: { queue: failed, maxReceiveCount: 5 },
    });
    new Rule(this, 'ObjectCreated', {
      description: 'Queues an original that arrived',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [this.bucket.bucketName] } },
      },
      targets: [new SqsQueue(arrived, { messageGroupId: 'uploads', deadLetterQueue: undelivered })],
    });
    const transcode = new RustFunction(this, 'Transcode', {
      ...this.props,
      bin: 'transcode-upload',
      description: 'An original that arrived becomes a transcoding job',
      environment: { ...library.environment, ...this.environment, ...expiryEnvironment(settings) },
      timeout: TRANSCODE_TIMEOUT,
    });
    transcode.lambda.addEventSource(new SqsEventSource(arrived, { batchSize: 1 }));
    library.mayWrite(transcode);
    this.mayTakeIn(transcode);
  }

  private mayOnOriginals(function_: RustFunction, actions: readonly string[]): void {
    function_.mayWidely({
      actions,
      resources: [this.bucket.arnForObjects('*')],
      because: 'An original is named after its clip, which can have any name.',
    });
  }
}
