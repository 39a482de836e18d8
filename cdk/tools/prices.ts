/**
 * AWS's prices, each with the day it was true and where it stands. All are of us-east-1, on demand,
 * without taxes, free tiers and discounts.
 *
 * A price without a source is not here: what it would be the price of is named in the estimate as
 * left out, until somebody gives it with `--price`.
 */

export interface Price {
  /** US dollars for one unit. */
  readonly usd: number;
  readonly unit: string;
  /** The day of the source. */
  readonly asOf: string;
  readonly source: string;
}

const PRICE_LIST = 'AWS Price List API, as quoted in public cost notes of that day';
const CLOUDFRONT = 'https://aws.amazon.com/cloudfront/pricing/, stored copy';

const onList = (usd: number, unit: string): Price => ({
  usd,
  unit,
  asOf: '2026-09-18',
  source: PRICE_LIST,
});

export const PRICES: Readonly<Record<string, Price>> = {
  // AVC, at most 10 Mbit/s, at most 30 frames a second. AWS's own cost examples confirm the outputs
  // of two pipelines: docs.aws.amazon.com/solutions/latest/live-streaming-on-aws-with-amazon-s3/
  mediaLiveInput: onList(0.1404, 'hour of an HD input'),
  mediaLiveHd: onList(0.4212, 'hour of an HD rendition'),
  mediaLiveSd: onList(0.2124, 'hour of an SD rendition'),
  mediaLiveInputRedundant: onList(0.234, 'hour of an HD input, two pipelines'),
  mediaLiveHdRedundant: onList(0.702, 'hour of an HD rendition, two pipelines'),
  mediaLiveSdRedundant: onList(0.354, 'hour of an SD rendition, two pipelines'),
  ingest: onList(0.03, 'GB ingested'),
  livePackaging: onList(0.05, 'GB packaged'),
  cdnRequests: onList(0.01 / 10_000, 'request'),
  secret: onList(0.4, 'secret a month'),
  mediaConvertHd: {
    usd: 0.015,
    unit: 'minute of an HD rendition, basic tier',
    asOf: '2025-10-12',
    source: 'AWS_MEDIACONVERT_COST_ANALYSIS.md of github.com/hitechparadigm/youtube-video-upload',
  },
  mediaConvertSd: {
    usd: 0.0075,
    unit: 'minute of an SD rendition, basic tier',
    asOf: '2025-10-12',
    source: 'AWS_MEDIACONVERT_COST_ANALYSIS.md of github.com/hitechparadigm/youtube-video-upload',
  },
  storage: {
    usd: 0.023,
    unit: 'GB a month',
    asOf: '2025-10-28',
    source:
      'AWS Price List API, as quoted that day; docs.aws.amazon.com/solutions/latest/live-streaming-on-aws-with-amazon-s3/cost-example-1.html says the same',
  },
  storagePuts: {
    usd: 0.005 / 1000,
    unit: 'PUT request',
    asOf: '2025-08-29',
    source: 'AWS/AWS_S3/AWS_S3_Pricing.md of github.com/SaimShaikh/Cloud_Computing',
  },
  api: {
    usd: 1 / 1e6,
    unit: 'request',
    asOf: '2025-05-19',
    source:
      'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained; an AWS whitepaper says the same',
  },
  invocations: {
    usd: 0.2 / 1e6,
    unit: 'invocation',
    asOf: '2026-05-11',
    source: 'lambda-13-cost.md of git.mcrn.ar/mariano/lambda_local_runner',
  },
  functionTime: {
    usd: 0.0000166667,
    unit: 'GB-second, x86_64',
    asOf: '2026-05-11',
    source: 'lambda-13-cost.md of git.mcrn.ar/mariano/lambda_local_runner',
  },
  tableWrites: {
    usd: 0.625 / 1e6,
    unit: 'write request unit',
    asOf: '2025-07-21',
    source: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
  },
  tableReads: {
    usd: 0.125 / 1e6,
    unit: 'read request unit',
    asOf: '2025-07-21',
    source: 'https://airbyte.com/data-engineering-resources/dynamodb-pricing',
  },
};

/** A day on which the page was seen is not known: it lists offers that there were not before 2024. */
export const CDN_TRAFFIC = {
  unit: 'GB to viewers in North America and Europe',
  asOf: 'undated, 2024 or later',
  source: CLOUDFRONT,
  /** What the traffic of a month costs per GB, up to so many GB. */
  tiers: [
    { upToGb: 10_240, usd: 0.085 },
    { upToGb: 51_200, usd: 0.08 },
    { upToGb: 153_600, usd: 0.06 },
    { upToGb: 512_000, usd: 0.04 },
    { upToGb: 1_048_576, usd: 0.03 },
    { upToGb: 5_242_880, usd: 0.025 },
    { upToGb: Infinity, usd: 0.02 },
  ],
} as const;

/** What no published price was found for; each can be given with `--price NAME=USD`. */
export const UNKNOWN: Readonly<Record<string, string>> = {
  vodPackaging: 'GB packaged by MediaPackage VOD',
  harvest: 'GB harvested by MediaPackage',
};

/** What the estimate knows no amount of. */
export const LEFT_OUT: readonly string[] = [
  'channels that are kept but do not run: MediaLive bills stopped channels and unattached inputs, too',
  'CloudWatch (logs, alarms, the dashboard), X-Ray, EventBridge, SQS',
  'Cognito: operators beyond the free ones',
  'reads of S3 by MediaPackage, and storage other than of clips and uploads',
  'CloudFront functions and Origin Shield; viewers outside of North America and Europe',
  "DRM: the key server is another vendor's",
  'taxes, support plans, free tiers, discounts; regions other than us-east-1',
];

/** What some amount of a month's traffic costs, tier by tier. */
export function trafficCost(gb: number): number {
  let cost = 0;
  let from = 0;
  for (const { upToGb, usd } of CDN_TRAFFIC.tiers) {
    cost += Math.max(0, Math.min(gb, upToGb) - from) * usd;
    from = upToGb;
  }
  return cost;
}
