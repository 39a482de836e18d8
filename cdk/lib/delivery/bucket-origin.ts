/** Buckets as origins of the distribution, which signs its requests (origin access control). */

import { type Distribution, S3OriginAccessControl } from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** Creates an origin with an access control of this name. The bucket refuses the distribution until `allowDistribution`. */
export function createBucketOrigin(
  scope: Construct,
  id: string,
  name: string,
  bucket: Bucket,
): S3BucketOrigin {
  const { originAccessControlId } = new S3OriginAccessControl(scope, id, {
    originAccessControlName: name,
  });
  // CDK's own policy would open the whole bucket.
  return S3BucketOrigin.withBucketDefaults(bucket, { originAccessControlId }) as S3BucketOrigin;
}

/** Lets one distribution do named actions, each on one resource. */
export function allowDistribution(
  distribution: Distribution,
  bucket: Bucket,
  grants: Readonly<Record<string, string>>,
): void {
  for (const [action, resource] of Object.entries(grants)) {
    bucket.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudfront.amazonaws.com')],
        actions: [action],
        resources: [resource],
        conditions: { StringEquals: { 'AWS:SourceArn': distribution.distributionArn } },
      }),
    );
  }
}
