/** Estimates the cost of an event: amounts times prices. */

import {
  AUDIO,
  countRenditions,
  listChannelHour,
  toGigabytes,
} from '../lib/prices/channel-hour.ts';
import { CDN_TRAFFIC, computeTrafficCost, PRICES, UNKNOWN } from '../lib/prices/prices.ts';
import { type FileKinds, FUNCTION_MEMORY_MB, type Rendition } from '../lib/settings/settings.ts';

export interface Event {
  readonly channels: number;
  /** How many hours each channel is on air. */
  readonly hours: number;
  readonly redundant: boolean;
  readonly ladder: readonly Rendition[];
  readonly segmentSeconds: number;
  readonly clips: number;
  readonly clipSeconds: number;
  /** Which files each clip and each upload gets. */
  readonly clipFiles: FileKinds;
  /** The share of clips that get frame-exact media, from 0 to 1. */
  readonly frameExact: number;
  /** Minutes of video uploaded. */
  readonly uploadMinutes: number;
  /** Operators with an open console, for as long as a channel is on air. */
  readonly operators: number;
  readonly viewers: number;
  /** Minutes of clips and uploads that each viewer watches. */
  readonly clipMinutes: number;
  /** Minutes of the live stream that each viewer watches. */
  readonly liveMinutes: number;
  /** Seconds between two list requests of an open app. */
  readonly pollSeconds: number;
  /** The share of requests that the CDN answers from its cache, 0 to 1. */
  readonly hitRatio: number;
  /** How many months clips and uploads are kept. */
  readonly months: number;
  readonly private: boolean;
  /** Whether the distribution has a firewall. */
  readonly firewall: boolean;
}

export interface CostLine {
  readonly what: string;
  readonly amount: number;
  readonly unit: string;
  /** `undefined` if no price is known. */
  readonly usd: number | undefined;
  /** The name of the price. */
  readonly price: string;
}

/** For each clip: the request, the harvest, two formats and one read, with a margin for the sweep. */
const INVOCATIONS_PER_CLIP = 6;
/** Eight changes of a row. Each replaces its entries in the indexes of changes and of pending clips. */
const WRITES_PER_CLIP = 8 * (1 + 2 * 2);
/** A page of 50 clips: 22 KB, with eventually consistent reads. */
const READS_PER_LIST = 3;
/** The least that DynamoDB bills for an eventually consistent query. Most polls find no change. */
const READS_PER_POLL = 0.5;
/** How often an open console asks for changed clips, and for the channels. */
const CHANGES_POLL_SECONDS = 1.5;
const CHANNELS_POLL_SECONDS = 5;
/** The files of a viewer's page: HTML, scripts, style sheets, branding and posters. */
const FILES_PER_VISIT = 25;
/** A few milliseconds were measured. */
const SECONDS_PER_INVOCATION = 0.05;
/** The least that MediaConvert bills for an output: 10 s. */
const MIN_OUTPUT_SECONDS = 10;
/** The pictures of a job: the poster and the thumbnails. */
const PICTURES_PER_CLIP = 12;
const FUNCTION_GB = FUNCTION_MEMORY_MB / 1024;

export function estimateCost(
  event: Event,
  given: Readonly<Record<string, number>> = {},
): CostLine[] {
  const runs = event.channels * event.hours;
  const { hd, sd } = countRenditions(event.ladder);
  const all = event.ladder.reduce((sum, rendition) => sum + rendition.bitrate + AUDIO, 0);
  const top = Math.max(...event.ladder.map((rendition) => rendition.bitrate + AUDIO));
  const missed = 1 - event.hitRatio;

  const clipGb = toGigabytes(all, event.clips * event.clipSeconds);
  const uploadGb = toGigabytes(all, event.uploadMinutes * 60);
  const liveGb = toGigabytes(top, event.viewers * event.liveMinutes * 60);
  const vodGb = toGigabytes(top, event.viewers * event.clipMinutes * 60);

  // One request for each segment. Live players request the manifest as often.
  const segments = (minutes: number) => (event.viewers * minutes * 60) / event.segmentSeconds;
  const polls = (event.viewers * (event.liveMinutes + event.clipMinutes) * 60) / event.pollSeconds;
  const watched = event.operators * event.hours * 3600;
  const changesPolls = watched / CHANGES_POLL_SECONDS;
  const operatorPolls = changesPolls + watched / CHANNELS_POLL_SECONDS;
  const requests =
    2 * segments(event.liveMinutes) +
    segments(event.clipMinutes) +
    polls +
    event.viewers * FILES_PER_VISIT +
    operatorPolls;
  const lists = polls * missed;
  const calls = lists + operatorPolls;
  const invocations = calls + event.clips * INVOCATIONS_PER_CLIP + event.hours * 60;
  const segmentFiles = (seconds: number) => (seconds / event.segmentSeconds) * event.ladder.length;

  // The MP4 of a job is as large as the largest rendition. For pictures alone it is an SD companion.
  const fileMinutes =
    event.clipFiles === 'none'
      ? 0
      : (event.clips * Math.max(event.clipSeconds, MIN_OUTPUT_SECONDS)) / 60 + event.uploadMinutes;
  const isHd = event.clipFiles === 'all' && hd > 0;
  const fileGb =
    event.clipFiles === 'all'
      ? toGigabytes(top, event.clips * event.clipSeconds + event.uploadMinutes * 60)
      : 0;

  // The renditions of frame-exact media are about those of the stream. Its segments stay in the bucket.
  const exactClips = event.clips * event.frameExact;
  const exactMinutes = (exactClips * Math.max(event.clipSeconds, MIN_OUTPUT_SECONDS)) / 60;
  const exactGb = clipGb * event.frameExact;

  const line = (what: string, amount: number, price: string): CostLine => {
    const known = PRICES[price];
    const usd = given[price] ?? known?.usd;
    return {
      what,
      amount,
      unit: known?.unit ?? UNKNOWN[price] ?? '',
      usd: usd === undefined ? undefined : amount * usd,
      price,
    };
  };
  const lines = [
    ...listChannelHour(event).map(({ what, amount, price }) => line(what, runs * amount, price)),
    line('MediaPackage: live to the CDN', liveGb * missed, 'livePackaging'),
    line('MediaPackage: harvests', clipGb, 'harvest'),
    line('MediaPackage: clips to the CDN', vodGb * missed, 'vodPackaging'),
    line('MediaConvert: HD renditions', event.uploadMinutes * hd, 'mediaConvertHd'),
    line('MediaConvert: SD renditions', event.uploadMinutes * sd, 'mediaConvertSd'),
    line('MediaConvert: files of clips, HD', isHd ? fileMinutes : 0, 'mediaConvertHd'),
    line('MediaConvert: files of clips, SD', isHd ? 0 : fileMinutes, 'mediaConvertSd'),
    line('MediaConvert: frame-exact clips, HD', exactMinutes * hd, 'mediaConvertHd'),
    line('MediaConvert: frame-exact clips, SD', exactMinutes * sd, 'mediaConvertSd'),
    estimateTraffic(liveGb + vodGb, given['cdnTraffic']),
    line('CloudFront: requests', requests, 'cdnRequests'),
    line('WAF: firewall', event.firewall ? event.months : 0, 'firewall'),
    line('WAF: requests', event.firewall ? requests : 0, 'firewallRequests'),
    line(
      'S3: stored clips and uploads',
      (clipGb + exactGb + uploadGb + fileGb) * event.months,
      'storage',
    ),
    line(
      'S3: PUT requests',
      segmentFiles((event.clips + exactClips) * event.clipSeconds + event.uploadMinutes * 60) +
        (fileMinutes > 0 ? event.clips * PICTURES_PER_CLIP : 0),
      'storagePuts',
    ),
    line('API Gateway', calls + event.clips * 2, 'api'),
    line('Lambda: invocations', invocations, 'invocations'),
    line('Lambda: duration', invocations * SECONDS_PER_INVOCATION * FUNCTION_GB, 'functionTime'),
    line('DynamoDB: writes', event.clips * WRITES_PER_CLIP, 'tableWrites'),
    line('DynamoDB: reads', lists * READS_PER_LIST + changesPolls * READS_PER_POLL, 'tableReads'),
    line('Secrets Manager', (event.private ? 4 : 3) * event.months, 'secret'),
  ];
  return lines.filter(({ amount }) => amount > 0);
}

/** Adds up the lines with a price. */
export function sumCosts(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { usd = 0 }) => sum + usd, 0);
}

function estimateTraffic(gb: number, given: number | undefined): CostLine {
  const usd = given === undefined ? computeTrafficCost(gb) : gb * given;
  return {
    what: 'CloudFront: traffic',
    amount: gb,
    unit: CDN_TRAFFIC.unit,
    usd,
    price: 'cdnTraffic',
  };
}
