/** The cache policies of the distribution: keys and times. No key contains a signature. */

import { Duration } from 'aws-cdk-lib';
import {
  CacheHeaderBehavior,
  CachePolicy,
  type CachePolicyProps,
  CacheQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';

/** MediaPackage's query parameter that selects renditions of a manifest. */
const FILTER = 'aws.manifestfilter';

export class CachePolicies extends Construct {
  /** Lists, for as long as their `cache-control` says. Unknown query parameters are not forwarded. */
  readonly lists: CachePolicy;
  /** Live manifests change with every segment. */
  readonly liveManifests: CachePolicy;
  /** Manifests of assets never change, but a retry can create the asset again. */
  readonly vodManifests: CachePolicy;
  /** Segments never change. */
  readonly segments: CachePolicy;

  constructor(scope: Construct, id: string, name: string, listParameters: readonly string[]) {
    super(scope, id);
    const policy = (what: string, parameters: readonly string[], ttl: Partial<CachePolicyProps>) =>
      new CachePolicy(this, what, {
        cachePolicyName: `${name}-${what}`,
        queryStringBehavior: CacheQueryStringBehavior.allowList(...parameters),
        headerBehavior: CacheHeaderBehavior.none(),
        enableAcceptEncodingGzip: true,
        enableAcceptEncodingBrotli: true,
        ...ttl,
      });
    this.lists = policy('lists', listParameters, {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.seconds(10),
    });
    this.liveManifests = policy('live-manifests', ['m', 'start', 'end', FILTER], {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(1),
      maxTtl: Duration.seconds(5),
    });
    this.vodManifests = policy('vod-manifests', [FILTER], {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.minutes(1),
      maxTtl: Duration.minutes(5),
    });
    this.segments = policy('segments', ['m'], {
      minTtl: Duration.seconds(1),
      defaultTtl: Duration.days(1),
      maxTtl: Duration.days(365),
    });
  }
}
