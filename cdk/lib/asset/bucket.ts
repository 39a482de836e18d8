/** Buckets for media: private, encrypted, reached by TLS only. */

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

/** Uploads that stopped halfway are invisible, and billed. */
const ABANDONED: LifecycleRule = {
  id: 'abandoned-uploads',
  abortIncompleteMultipartUploadAfter: Duration.days(2),
};

/**
 * A bucket for media.
 *
 * S3's own keys encrypt it: that MediaPackage can read what a key of KMS encrypts is not documented.
 * Nothing in it expires by itself unless `props` say so: a clip that is listed has to play.
 */
export function mediaBucket(
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
            // Read in milliseconds all the same: MediaPackage packages from here while someone watches.
            transitions: [
              {
                storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
                transitionAfter: Duration.days(settings.coldAfterDays),
              },
            ],
          },
        ];
  const bucket = new Bucket(scope, id, {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [ABANDONED, ...cold, ...lifecycleRules],
    removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...others,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only roles of this stack and the distribution reach the bucket; a log line for each segment MediaPackage reads would cost more than the segment.',
  });
  return bucket;
}

/** Lets a function remove what a failed harvest or transcode left. */
export function mayRemoveMedia(remover: RustFunction, clips: Bucket): void {
  remover.may({ actions: ['s3:ListBucket'], resources: [clips.bucketArn] });
  remover.mayWidely({
    actions: ['s3:DeleteObject'],
    resources: [clips.arnForObjects('clips/*'), clips.arnForObjects('thumbnails/*')],
    because:
      'The names of segments and thumbnails are known to MediaPackage and MediaConvert only.',
  });
}
