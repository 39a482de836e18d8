/** What is cached, on which key, for how long. Nothing of a signature is ever part of a key. */

import { Duration } from 'aws-cdk-lib';
import {
  CacheHeaderBehavior,
  CachePolicy,
  type CachePolicyProps,
  CacheQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';

/** MediaPackage's own: manifests can be narrowed down to some of their renditions. */
const FILTER = 'aws.manifestfilter';

export class CachePolicies extends Construct {
  /** Lists: as long as they say themselves, on their own parameters; what else is asked is not passed on. */
  readonly lists: CachePolicy;
  /** Live manifests change with every segment; a window of one never does. */
  readonly liveManifests: CachePolicy;
  /** Manifests of assets never change, but an asset can be made anew. */
  readonly vodManifests: CachePolicy;
  /** Segments: a name means the same bytes for ever. */
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
