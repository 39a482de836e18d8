/** What an event costs: amounts from what is known of the event, times prices. */

import type { Rendition } from '../lib/settings/settings.ts';
import { CDN_TRAFFIC, PRICES, trafficCost, UNKNOWN } from './prices.ts';

export interface Event {
  readonly channels: number;
  /** How long each channel runs. */
  readonly hours: number;
  readonly redundant: boolean;
  readonly ladder: readonly Rendition[];
  readonly segmentSeconds: number;
  readonly clips: number;
  readonly clipSeconds: number;
  /** Minutes of video uploaded. */
  readonly uploadMinutes: number;
  readonly viewers: number;
  /** Minutes of clips and uploads that each viewer watches. */
  readonly clipMinutes: number;
  /** Minutes of the live stream that each viewer watches. */
  readonly liveMinutes: number;
  /** How often an open app asks for the list. */
  readonly pollSeconds: number;
  /** The share of requests that the CDN answers by itself. */
  readonly hitRatio: number;
  /** How long clips and uploads are kept. */
  readonly months: number;
  readonly private: boolean;
}

export interface Line {
  readonly what: string;
  readonly amount: number;
  readonly unit: string;
  /** `undefined` where no price is known. */
  readonly usd: number | undefined;
  /** The price it was reckoned with, by name. */
  readonly price: string;
}

/** Bits per second of sound, which every rendition carries. */
const AUDIO = 128_000;

/** From this height on, MediaLive and MediaConvert speak of HD. */
const HD_HEIGHT = 720;

/** A clip: its cut, its harvest, two formats, and looking at it; with room for the sweep's share. */
const INVOCATIONS_PER_CLIP = 6;
const WRITES_PER_CLIP = 20;
/** A page of fifty clips: 40 KB, read without consistency. */
const READS_PER_LIST = 5;
/** Measured: a few milliseconds each; the smallest memory Lambda has. */
const SECONDS_PER_INVOCATION = 0.05;
const FUNCTION_GB = 0.125;

export function estimate(event: Event, given: Readonly<Record<string, number>> = {}): Line[] {
  const runs = event.channels * event.hours;
  const redundant = event.redundant ? 'Redundant' : '';
  const pipelines = event.redundant ? 2 : 1;
  const hd = event.ladder.filter((rendition) => rendition.height >= HD_HEIGHT).length;
  const sd = event.ladder.length - hd;
  const all = event.ladder.reduce((sum, rendition) => sum + rendition.bitrate + AUDIO, 0);
  const top = Math.max(...event.ladder.map((rendition) => rendition.bitrate + AUDIO));
  const missed = 1 - event.hitRatio;

  const clipGb = gigabytes(all, event.clips * event.clipSeconds);
  const uploadGb = gigabytes(all, event.uploadMinutes * 60);
  const liveGb = gigabytes(top, event.viewers * event.liveMinutes * 60);
  const vodGb = gigabytes(top, event.viewers * event.clipMinutes * 60);

  // A segment each; live players ask for the manifest as often.
  const segments = (minutes: number) => (event.viewers * minutes * 60) / event.segmentSeconds;
  const polls = (event.viewers * (event.liveMinutes + event.clipMinutes) * 60) / event.pollSeconds;
  const requests = 2 * segments(event.liveMinutes) + segments(event.clipMinutes) + polls;
  const lists = polls * missed;
  const invocations = lists + event.clips * INVOCATIONS_PER_CLIP + event.hours * 60;
  const segmentFiles = (seconds: number) => (seconds / event.segmentSeconds) * event.ladder.length;

  const line = (what: string, amount: number, price: string): Line => {
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
    line('MediaLive: input', runs, `mediaLiveInput${redundant}`),
    line('MediaLive: HD renditions', runs * hd, `mediaLiveHd${redundant}`),
    line('MediaLive: SD renditions', runs * sd, `mediaLiveSd${redundant}`),
    line('MediaPackage: live ingest', gigabytes(all, runs * 3600) * pipelines, 'ingest'),
    line('MediaPackage: live to the CDN', liveGb * missed, 'livePackaging'),
    line('MediaPackage: harvests of clips', clipGb, 'harvest'),
    line('MediaPackage: clips to the CDN', vodGb * missed, 'vodPackaging'),
    line('MediaConvert: HD renditions', event.uploadMinutes * hd, 'mediaConvertHd'),
    line('MediaConvert: SD renditions', event.uploadMinutes * sd, 'mediaConvertSd'),
    traffic(liveGb + vodGb, given['cdnTraffic']),
    line('CloudFront: requests', requests, 'cdnRequests'),
    line('S3: clips and uploads kept', (clipGb + uploadGb) * event.months, 'storage'),
    line(
      'S3: writing them',
      segmentFiles(event.clips * event.clipSeconds + event.uploadMinutes * 60),
      'storagePuts',
    ),
    line('API Gateway', lists + event.clips * 2, 'api'),
    line('Lambda: invocations', invocations, 'invocations'),
    line('Lambda: time', invocations * SECONDS_PER_INVOCATION * FUNCTION_GB, 'functionTime'),
    line('DynamoDB: writes', event.clips * WRITES_PER_CLIP, 'tableWrites'),
    line('DynamoDB: reads', lists * READS_PER_LIST, 'tableReads'),
    line('Secrets Manager', (event.private ? 2 : 1) * event.months, 'secret'),
  ];
  return lines.filter(({ amount }) => amount > 0);
}

/** The sum of what has a price. */
export function total(lines: readonly Line[]): number {
  return lines.reduce((sum, { usd = 0 }) => sum + usd, 0);
}

function traffic(gb: number, given: number | undefined): Line {
  const usd = given === undefined ? trafficCost(gb) : gb * given;
  return {
    what: 'CloudFront: traffic',
    amount: gb,
    unit: CDN_TRAFFIC.unit,
    usd,
    price: 'cdnTraffic',
  };
}

/** AWS's GB: 2^30 bytes. */
function gigabytes(bitsPerSecond: number, seconds: number): number {
  return (bitsPerSecond * seconds) / 8 / 2 ** 30;
}
