/** The price of an hour on air: MediaLive's input and renditions, and MediaPackage's ingest. */

import type { Rendition, Settings } from '../settings/settings.ts';
import { PRICES } from './prices.ts';

/** Bits per second of audio in every rendition. */
export const AUDIO = 128_000;

/** MediaLive and MediaConvert bill renditions of this height or more as HD. */
const HD_HEIGHT = 720;

/** What an hour on air needs of one price: `amount` units of it. */
export interface HourlyPart {
  readonly what: string;
  readonly price: string;
  readonly amount: number;
}

/** Counts the renditions that are billed as HD and as SD. */
export function countRenditions(ladder: readonly Rendition[]): { hd: number; sd: number } {
  const hd = ladder.filter(({ height }) => height >= HD_HEIGHT).length;
  return { hd, sd: ladder.length - hd };
}

/** Lists what an hour on air costs, without traffic to viewers. */
export function listChannelHour({
  ladder,
  redundant,
}: Pick<Settings, 'ladder' | 'redundant'>): readonly HourlyPart[] {
  const { hd, sd } = countRenditions(ladder);
  const kind = redundant ? 'Redundant' : '';
  const bits = ladder.reduce((sum, { bitrate }) => sum + bitrate + AUDIO, 0);
  const ingest = toGigabytes(bits, 3600) * (redundant ? 2 : 1);
  return [
    { what: 'MediaLive: input', price: `mediaLiveInput${kind}`, amount: 1 },
    { what: 'MediaLive: HD renditions', price: `mediaLiveHd${kind}`, amount: hd },
    { what: 'MediaLive: SD renditions', price: `mediaLiveSd${kind}`, amount: sd },
    { what: 'MediaPackage: live ingest', price: 'ingest', amount: ingest },
  ];
}

/** Adds up the price of an hour on air in US dollars, rounded to cents. It is shown to operators. */
export function computeHourlyUsd(settings: Pick<Settings, 'ladder' | 'redundant'>): number {
  const parts = listChannelHour(settings);
  const usd = parts.reduce((sum, { price, amount }) => sum + amount * (PRICES[price]?.usd ?? 0), 0);
  return Math.round(usd * 100) / 100;
}

/** Converts a bit rate to AWS's GB, 2^30 bytes. */
export function toGigabytes(bitsPerSecond: number, seconds: number): number {
  return (bitsPerSecond * seconds) / 8 / 2 ** 30;
}
