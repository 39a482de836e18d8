/**
 * AWS's prices, each with its date and source. All are on-demand prices for us-east-1, without taxes,
 * free tiers and discounts.
 *
 * A price without a source is not here. The estimate lists it as left out, unless it is set with
 * `--price`.
 */

export interface Price {
  /** US dollars for one unit. */
  readonly usd: number;
  readonly unit: string;
  /** The date of the source. */
  readonly asOf: string;
  readonly source: string;
}

const PRICE_LIST = 'AWS Price List API, as quoted in public cost notes of that date';
const CLOUDFRONT = 'https://aws.amazon.com/cloudfront/pricing/, stored copy';

const listPrice = (usd: number, unit: string): Price => ({
  usd,
  unit,
  asOf: '2026-09-18',
  source: PRICE_LIST,
});

export const PRICES: Readonly<Record<string, Price>> = {
  // AVC, at most 10 Mbit/s, at most 30 frames a second. AWS's own cost examples confirm the outputs
  // of two pipelines: docs.aws.amazon.com/solutions/latest/live-streaming-on-aws-with-amazon-s3/
  mediaLiveInput: listPrice(0.1404, 'hour of an HD input'),
  mediaLiveHd: listPrice(0.4212, 'hour of an HD rendition'),
  mediaLiveSd: listPrice(0.2124, 'hour of an SD rendition'),
  mediaLiveInputRedundant: listPrice(0.234, 'hour of an HD input, two pipelines'),
  mediaLiveHdRedundant: listPrice(0.702, 'hour of an HD rendition, two pipelines'),
  mediaLiveSdRedundant: listPrice(0.354, 'hour of an SD rendition, two pipelines'),
  ingest: listPrice(0.03, 'GB ingested'),
  livePackaging: listPrice(0.05, 'GB packaged'),
  cdnRequests: listPrice(0.01 / 10_000, 'request'),
  secret: listPrice(0.4, 'secret a month'),
  firewall: {
    usd: 5 + 1,
    unit: 'web ACL with one rule a month',
    asOf: '2026-11-26',
    source:
      'https://c3x.dev/blog/aws-waf-cost-explained/; https://awsnegotiations.com/waf-pricing-strategy.html',
  },
  firewallRequests: {
    usd: 0.6 / 1e6,
    unit: 'request',
    asOf: '2026-11-26',
    source:
      'https://c3x.dev/blog/aws-waf-cost-explained/; https://awsnegotiations.com/waf-pricing-strategy.html',
  },
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
      'AWS Price List API, as quoted on that date; confirmed by docs.aws.amazon.com/solutions/latest/live-streaming-on-aws-with-amazon-s3/cost-example-1.html',
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
      'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained; confirmed by an AWS whitepaper',
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

/** The date of the stored page is unknown. It lists offers that did not exist before 2024. */
export const CDN_TRAFFIC = {
  unit: 'GB to viewers in North America and Europe',
  asOf: 'undated, 2024 or later',
  source: CLOUDFRONT,
  /** The price of a GB in a month, up to a total of GB. */
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

/** Prices for which no source was found. Set them with `--price NAME=USD`. */
export const UNKNOWN: Readonly<Record<string, string>> = {
  vodPackaging: 'GB packaged by MediaPackage VOD',
  harvest: 'GB harvested by MediaPackage',
};

/** Costs that the estimate leaves out. */
export const LEFT_OUT: readonly string[] = [
  'stopped channels and unattached inputs, which MediaLive also bills',
  'CloudWatch (logs, alarms, the dashboard), X-Ray, EventBridge, SQS',
  'Cognito: operators beyond the free tier',
  'S3: reads by MediaPackage, and storage of anything but clips and uploads',
  'CloudFront functions and Origin Shield; viewers outside North America and Europe',
  'DRM: the key server of another vendor',
  'MediaLive and MediaPackage: further sounds and WebVTT renditions of a channel',
  'MediaConnect: the hours of flows and their traffic; secrets with passphrases of SRT inputs',
  'taxes, support plans, free tiers, discounts; regions other than us-east-1',
];

/** Computes the cost of a month's traffic, tier by tier. */
export function computeTrafficCost(gb: number): number {
  let cost = 0;
  let from = 0;
  for (const { upToGb, usd } of CDN_TRAFFIC.tiers) {
    cost += Math.max(0, Math.min(gb, upToGb) - from) * usd;
    from = upToGb;
  }
  return cost;
}
