/** The cache policies of the distribution: keys and times. No key contains a signature. */

import { Duration } from 'aws-cdk-lib';
import {
  CacheHeaderBehavior,
  CachePolicy,
  type CachePolicyProps,
  CacheQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';

import type { Contract } from '../api/contract.ts';

/** MediaPackage's query parameter that selects renditions of a manifest. */
const FILTER = 'aws.manifestfilter';

/** How long CloudFront keeps shared pages, feeds and oEmbed descriptions at most. */
const SHARED_TTL = Duration.minutes(1);

export class CachePolicies extends Construct {
  /** The files of the site, for as long as their `cache-control` says. */
  readonly site: CachePolicy;
  /** Shared pages and feeds, for as long as their `cache-control` says. They have no query parameters. */
  readonly shared: CachePolicy;
  /** oEmbed descriptions, in the same way, but with their own query parameters. */
  readonly embeds: CachePolicy;
  /** Lists, for as long as their `cache-control` says. Unknown query parameters are not forwarded. */
  readonly lists: CachePolicy;
  /** Single clips, for as long as their `cache-control` says. They have no query parameters. */
  readonly clips: CachePolicy;
  /** Live manifests change with every segment. */
  readonly liveManifests: CachePolicy;
  /** Manifests of assets never change, but a retry can create the asset again. */
  readonly vodManifests: CachePolicy;
  /** Segments never change. */
  readonly segments: CachePolicy;

  /** All regions of an account share the names of cache policies, so `prefix` has the region. */
  constructor(scope: Construct, id: string, prefix: string, contract: Contract) {
    super(scope, id);
    const parametersOf = (operation: string) =>
      contract.operations.find((it) => it.id === operation)?.query ?? [];
    const policy = (what: string, parameters: readonly string[], ttl: Partial<CachePolicyProps>) =>
      new CachePolicy(this, what, {
        cachePolicyName: `${prefix}-${what}`,
        queryStringBehavior:
          parameters.length === 0
            ? CacheQueryStringBehavior.none()
            : CacheQueryStringBehavior.allowList(...parameters),
        headerBehavior: CacheHeaderBehavior.none(),
        enableAcceptEncodingGzip: true,
        enableAcceptEncodingBrotli: true,
        ...ttl,
      });
    this.site = policy('site', [], {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(365),
    });
    const shared = {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: SHARED_TTL,
    };
    this.shared = policy('shared', [], shared);
    this.embeds = policy('embeds', parametersOf('describe-embed'), shared);
    const changing = {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.seconds(10),
    };
    this.lists = policy('lists', parametersOf('list-clips'), changing);
    this.clips = policy('clips', [], changing);
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
