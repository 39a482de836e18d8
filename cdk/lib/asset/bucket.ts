/** Buckets: private, encrypted, with TLS required. */

import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type LifecycleRule,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

import type { RustFunction } from '../function/function.ts';
import type { Settings } from '../settings/settings.ts';

/** Incomplete multipart uploads are invisible in listings, but billed. */
const ABORT_INCOMPLETE: LifecycleRule = {
  id: 'abandoned-uploads',
  abortIncompleteMultipartUploadAfter: Duration.days(2),
};

/**
 * Creates a bucket that only roles of this stack and the distribution can read.
 *
 * It is encrypted with S3's own keys, because AWS does not document that MediaPackage can read objects
 * encrypted with a KMS key.
 */
export function createBucket(scope: Construct, id: string, props: BucketProps): Bucket {
  const { lifecycleRules = [], ...others } = props;
  const bucket = new Bucket(scope, id, {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [ABORT_INCOMPLETE, ...lifecycleRules],
    ...others,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only roles of this stack and the distribution can read the bucket. A log line for each segment would cost more than the segment.',
  });
  return bucket;
}

/** Creates a bucket for media. No object expires unless `props` say so, because a listed clip must play. */
export function createMediaBucket(
  scope: Construct,
  id: string,
  settings: Settings,
  props: BucketProps = {},
): Bucket {
  const { lifecycleRules = [], ...others } = props;
  const cold: LifecycleRule[] =
    settings.coldAfterDays === undefined
      ? []
      : [
          {
            id: 'cold',
            // This class is read in milliseconds. MediaPackage reads it while viewers watch.
            transitions: [
              {
                storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
                transitionAfter: Duration.days(settings.coldAfterDays),
              },
            ],
          },
        ];
  return createBucket(scope, id, {
    lifecycleRules: [...cold, ...lifecycleRules],
    removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...others,
  });
}

/** Lets a function delete the media of failed harvests and transcodes. */
export function grantDeleteMedia(deleter: RustFunction, clips: Bucket): void {
  deleter.allow({ actions: ['s3:ListBucket'], resources: [clips.bucketArn] });
  deleter.allowWide({
    actions: ['s3:DeleteObject'],
    resources: [clips.arnForObjects('clips/*'), clips.arnForObjects('thumbnails/*')],
    because: 'MediaPackage and MediaConvert choose the names of segments and thumbnails.',
  });
}
