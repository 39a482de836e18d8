/** The site: the bucket with the files of the console and the viewer's pages, and how CloudFront serves them. */

import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type AddBehaviorOptions,
  type CachePolicy,
  type Distribution,
  type ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import type { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import { createBucket } from '../asset/bucket.ts';
import type { Settings } from '../settings/settings.ts';
import { allowDistribution, createBucketOrigin } from './bucket-origin.ts';
import { createEdgeFunction, runOnRequest } from './edge-function.ts';
import { fillHeaders, type Origins, readPageHeaders } from './page-headers.ts';
import { createPageHeaders } from './response-headers.ts';

export interface SiteProps {
  readonly settings: Settings;
  /** The prefix of the names of CloudFront's resources, which all regions share. */
  readonly prefix: string;
  readonly cachePolicy: CachePolicy;
  /** The origins in the headers of pages. */
  readonly origins: Origins;
}

export class Site extends Construct {
  readonly bucket: Bucket;
  readonly origin: S3BucketOrigin;
  /** The headers of pages that nobody may embed. */
  readonly headers: ResponseHeadersPolicy;
  /** The behavior of pages and their files. */
  readonly behavior: AddBehaviorOptions;
  /** The behavior of pages in frames of other sites. */
  readonly embedBehavior: AddBehaviorOptions;

  constructor(scope: Construct, id: string, { settings, prefix, ...props }: SiteProps) {
    super(scope, id);
    // `make deploy` can upload the files again, so they are not kept.
    this.bucket = createBucket(this, 'Bucket', { removalPolicy: RemovalPolicy.DESTROY });
    this.origin = createBucketOrigin(this, 'Access', `${prefix}-site`, this.bucket);

    const { pages, site, embed } = readPageHeaders();
    this.headers = createPageHeaders(
      this,
      'Headers',
      `${prefix}-site`,
      fillHeaders(site, props.origins),
    );
    const embedHeaders = createPageHeaders(
      this,
      'EmbedHeaders',
      `${prefix}-embed`,
      fillHeaders(embed, props.origins),
    );
    const findPage = createEdgeFunction(this, 'FindPage', prefix, 'find-page.js', (code) =>
      code.replace("'<pages>'", JSON.stringify(pages)),
    );
    const behavior = {
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      cachePolicy: props.cachePolicy,
      compress: true,
      ...runOnRequest(findPage),
    };
    this.behavior = { ...behavior, responseHeadersPolicy: this.headers };
    this.embedBehavior = { ...behavior, responseHeadersPolicy: embedHeaders };
  }

  /**
   * Lets the distribution read the bucket.
   *
   * S3 answers 404 for a missing file only to callers that may list the bucket, and 403 to others.
   * `find-page.js` answers `/`, so no viewer can get the list.
   */
  allow(distribution: Distribution): void {
    allowDistribution(distribution, this.bucket, {
      's3:GetObject': this.bucket.arnForObjects('*'),
      's3:ListBucket': this.bucket.bucketArn,
    });
  }
}
