/** Uploads: the bucket of originals, the presigned ways into it, and the jobs made of what arrives. */

import { Duration, Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Role } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type Bucket, type CfnBucket, HttpMethods } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { mediaBucket } from './bucket.ts';
import { undeliveredQueue, startOn } from './events.ts';
import { type Deployment, RustFunction, arn } from './function.ts';
import type { Library } from './library.ts';
import { allowWide, actingFor } from './permission.ts';

/** MediaConvert's events, which unlike MediaPackage's are not lost. */
export const MEDIACONVERT = 'aws.mediaconvert';

const TRANSCODE_TIMEOUT = Duration.minutes(2);

export interface UploadProps extends Deployment {
  readonly library: Library;
  /** Where clips' media lies. */
  readonly clips: Bucket;
  /** What functions that show clips need to know. */
  readonly viewEnvironment: Record<string, string>;
  /** For whoever makes assets. */
  readonly assetEnvironment: Record<string, string>;
  readonly mayMakeAssets: (maker: RustFunction) => void;
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
    const { library, clips } = props;
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
    Validations.of(undelivered).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'This queue is the dead-letter queue.' });
    props.alarms.ofUndelivered('uploads', undelivered);
    this.functions = this.routes();
    this.transcode(undelivered);

    const complete = new RustFunction(this, 'TranscodeComplete', {
      ...props,
      bin: 'transcode-complete',
      description: 'Renditions of an upload become a VOD asset',
      environment: { ...library.environment, ...props.assetEnvironment },
      timeout: Duration.seconds(60),
      undelivered,
    });
    library.mayWrite(complete);
    props.mayMakeAssets(complete);
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

  /** Lets a function start transcoding jobs and ask for them. */
  mayTranscode(transcoder: RustFunction): void {
    transcoder.mayWidely({
      actions: ['mediaconvert:CreateJob'],
      resources: [arn(this, 'mediaconvert', 'queues/Default'), arn(this, 'mediaconvert', 'jobs/*')],
      because: 'A job has no name before it is created.',
    });
    transcoder.mayWidely({
      actions: ['mediaconvert:GetJob'],
      resources: [arn(this, 'mediaconvert', 'jobs/*')],
      because: 'MediaConvert names jobs itself.',
    });
    transcoder.mayWidely({
      actions: ['mediaconvert:SearchJobs', 'mediaconvert:Probe'],
      resources: ['*'],
      because: 'Searching and probing know no resources that a policy could name.',
    });
    transcoder.mayWidely({
      actions: ['s3:GetObject', 's3:GetObjectTagging'],
      resources: [this.bucket.arnForObjects('*')],
      because: 'Every object of the bucket is an original.',
    });
    transcoder.mayPass(this.transcodeRole, 'mediaconvert.amazonaws.com');
  }

  /** Lets a function throw parts of an upload away. */
  mayAbort(function_: RustFunction): void {
    this.mayOnOriginals(function_, ['s3:AbortMultipartUpload']);
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
      ...(expiry === undefined ? {} : { lifecycleRules: [{ id: 'expiry', expiration: Duration.days(expiry) }] }),
    });
    // `eventBridgeEnabled` would add a function to switch on what CloudFormation can say by itself.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }

  private routes(): RustFunction[] {
    const { library, viewEnvironment } = this.props;
    const environment = { ...library.environment, UPLOADS_BUCKET: this.bucket.bucketName };
    const of = (id: string, bin: string, description: string, more: Record<string, string> = {}) =>
      new RustFunction(this, id, { ...this.props, bin, description, environment: { ...environment, ...more } });

    const create = of('Create', 'create-upload', 'POST /api/uploads: where to put a file', viewEnvironment);
    library.mayWrite(create);
    this.mayOnOriginals(create, ['s3:PutObject', 's3:AbortMultipartUpload']);
    const parts = of('Parts', 'list-upload-parts', 'GET /api/uploads/…/parts: where to put its parts');
    library.mayFind(parts);
    this.mayOnOriginals(parts, ['s3:PutObject']);
    const complete = of('Complete', 'complete-upload', 'POST /api/uploads/…/complete: all parts are there', viewEnvironment);
    library.mayWrite(complete);
    this.mayOnOriginals(complete, ['s3:PutObject', 's3:ListMultipartUploadParts']);
    return [create, parts, complete];
  }

  /**
   * Originals are transcoded in the order of their arrival, one at a time: of two files put under
   * one name, the later one has to win.
   */
  private transcode(undelivered: IQueue): void {
    const { library } = this.props;
    const failed = undeliveredQueue(this, 'Untranscoded', { fifo: true });
    Validations.of(failed).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'This queue is the dead-letter queue.' });
    this.props.alarms.ofUndelivered('arrived uploads', failed);
    const arrived = undeliveredQueue(this, 'Arrived', {
      fifo: true,
      contentBasedDeduplication: true,
      // As AWS advises: six times what one invocation may take.
      visibilityTimeout: Duration.seconds(6 * TRANSCODE_TIMEOUT.toSeconds()),
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
      environment: { ...library.environment, ...this.environment },
      timeout: TRANSCODE_TIMEOUT,
    });
    transcode.lambda.addEventSource(new SqsEventSource(arrived, { batchSize: 1 }));
    library.mayWrite(transcode);
    this.mayTranscode(transcode);
  }

  private mayOnOriginals(function_: RustFunction, actions: readonly string[]): void {
    function_.mayWidely({
      actions,
      resources: [this.bucket.arnForObjects('*')],
      because: 'An original is named after its clip, which can have any name.',
    });
  }
}

