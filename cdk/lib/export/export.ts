/** Files and descriptions of a clip for use elsewhere. */

import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';

export interface ExportProps extends Deployment {
  readonly library: Library;
  /** The bucket of clips. */
  readonly clips: Bucket;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
}

export class Export extends Construct {
  /** The functions behind the operators' routes for exports. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: ExportProps) {
    super(scope, id);
    const { library, clips, viewEnvironment } = props;

    const timeline = new RustFunction(this, 'Timeline', {
      ...props,
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
    grantReadManifests(timeline, clips);

    this.functions = [timeline];
  }
}

/** Lets a function read the manifests of clips. S3 answers 404 only to callers that may list the bucket. */
function grantReadManifests(reader: RustFunction, clips: Bucket): void {
  reader.allow({ actions: ['s3:ListBucket'], resources: [clips.bucketArn] });
  reader.allowWide({
    actions: ['s3:GetObject'],
    resources: [clips.arnForObjects('clips/*/index.m3u8')],
    because: 'The keys contain competition, clip and attempt.',
  });
}
