/** Exports: MP4 files of a clip for use elsewhere, and its timeline for editing suites. */

import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Alarms } from '../alarms/alarms.ts';
import { createDeadLetterQueue, startOnEvent } from '../function/events.ts';
import { type Deployment, formatArn, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import { allowWide } from '../permission/permission.ts';
import type { Upload } from '../upload/upload.ts';

export interface ExportProps extends Deployment {
  readonly library: Library;
  /** The bucket of clips. */
  readonly clips: Bucket;
  readonly upload: Upload;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
}

export class Export extends Construct {
  /** The functions behind the operators' routes for exports. */
  readonly functions: readonly RustFunction[];
  private readonly files: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ExportProps,
  ) {
    super(scope, id);
    const { clips, upload } = props;
    this.files = clips.arnForObjects('exports/*');
    allowWide(upload.transcodeRole, {
      actions: ['s3:GetObject'],
      resources: [clips.arnForObjects('clips/*')],
      because: 'MediaPackage and MediaConvert choose the names of segments.',
    });
    allowWide(upload.transcodeRole, {
      actions: ['s3:PutObject'],
      resources: [this.files],
      because: 'The keys contain competition, clip and export.',
    });
    this.functions = [this.addTimeline(), this.addCreate(), ...this.addReaders()];
    this.addComplete(props.alarms);
  }

  /** Lets the sweep delete files whose time is over. It may start and check jobs already. */
  grantSweep(sweep: RustFunction): void {
    sweep.allowWide({
      actions: ['s3:DeleteObject'],
      resources: [this.files],
      because: 'The keys contain competition, clip and export.',
    });
  }

  private addTimeline(): RustFunction {
    const { library, clips, viewEnvironment } = this.props;
    const timeline = new RustFunction(this, 'Timeline', {
      ...this.props,
      bin: 'show-timeline',
      description:
        'GET /api/competitions/{competitionId}/clips/{clipId}/timeline.otio: a clip for editing suites',
      environment: {
        ...library.environment,
        ...viewEnvironment,
        CLIPS_BUCKET: clips.bucketName,
      },
    });
    library.grantRead(timeline);
    this.grantReadManifests(timeline);
    return timeline;
  }

  private addCreate(): RustFunction {
    const { library, upload } = this.props;
    const create = new RustFunction(this, 'Create', {
      ...this.props,
      bin: 'create-export',
      description:
        'POST /api/competitions/{competitionId}/clips/{clipId}/exports: starts an export of a clip',
      environment: this.jobEnvironment,
    });
    library.grantWrite(create);
    this.grantReadManifests(create);
    create.allowWide({
      actions: ['mediaconvert:CreateJob'],
      resources: ['*'],
      because: 'A job without queue and template has no resource that a policy could name.',
    });
    create.allowPassRole(upload.transcodeRole, 'mediaconvert.amazonaws.com');
    return create;
  }

  private addReaders(): RustFunction[] {
    const { library, clips } = this.props;
    const environment = { ...library.environment, CLIPS_BUCKET: clips.bucketName };
    const list = new RustFunction(this, 'List', {
      ...this.props,
      bin: 'list-exports',
      description: 'GET /api/competitions/{competitionId}/clips/{clipId}/exports: the exports',
      environment,
    });
    const show = new RustFunction(this, 'Show', {
      ...this.props,
      bin: 'show-export',
      description:
        'GET /api/competitions/{competitionId}/clips/{clipId}/exports/{exportId}: one export',
      environment,
    });
    for (const reader of [list, show]) {
      library.grantRead(reader);
      // A presigned URL allows what its signer may do.
      reader.allowWide({
        actions: ['s3:GetObject'],
        resources: [this.files],
        because: 'The keys contain competition, clip and export.',
      });
    }
    return [list, show];
  }

  /** Adds `export-complete`, which the events of the jobs of exports start. */
  private addComplete(alarms: Alarms): void {
    const { library, clips } = this.props;
    const deadLetterQueue = createDeadLetterQueue(this, 'Undelivered');
    alarms.addQueueAlarm('export events', deadLetterQueue, {
      id: 'events of exports',
      runbook: 'events-that-failed',
    });
    const complete = new RustFunction(this, 'ExportComplete', {
      ...this.props,
      bin: 'export-complete',
      description: 'Records the progress and the end of the jobs of exports',
      environment: this.jobEnvironment,
      deadLetterQueue,
    });
    library.grantWrite(complete);
    // To find the size of the file.
    complete.allow({ actions: ['s3:ListBucket'], resources: [clips.bucketArn] });
    startOnEvent(
      this,
      'Exported',
      {
        source: ['aws.mediaconvert'],
        detailType: ['MediaConvert Job State Change'],
        detail: {
          status: ['COMPLETE', 'ERROR', 'CANCELED', 'STATUS_UPDATE'],
          queue: [formatArn(this, 'mediaconvert', 'queues/Default')],
          userMetadata: { export: [{ exists: true }] },
        },
      },
      complete,
      deadLetterQueue,
    );
  }

  private get jobEnvironment(): Record<string, string> {
    const { library, clips, upload } = this.props;
    return {
      ...library.environment,
      CLIPS_BUCKET: clips.bucketName,
      TRANSCODE_ROLE_ARN: upload.transcodeRole.roleArn,
    };
  }

  /** Lets a function read the manifests of clips. S3 answers 404 only to callers that may list the bucket. */
  private grantReadManifests(reader: RustFunction): void {
    const { clips } = this.props;
    reader.allow({ actions: ['s3:ListBucket'], resources: [clips.bucketArn] });
    reader.allowWide({
      actions: ['s3:GetObject'],
      resources: [clips.arnForObjects('clips/*/index.m3u8')],
      because: 'The keys contain competition, clip and attempt.',
    });
  }
}
