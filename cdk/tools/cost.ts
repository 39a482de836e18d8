/** `make cost`: what an event will cost, line by line, and what is not in the sum. */

import { parseArgs } from 'node:util';

import { LADDER } from '../lib/settings/settings.ts';
import { type Event, estimate, type Line, total } from './estimate.ts';
import { CDN_TRAFFIC, LEFT_OUT, PRICES, UNKNOWN } from './prices.ts';

/** What can be told of an event, with what is taken otherwise. */
const QUESTIONS = {
  channels: [1, 'channels on air'],
  hours: [3, 'hours that each of them runs'],
  clips: [100, 'clips cut'],
  'clip-seconds': [60, 'seconds of a clip'],
  'upload-minutes': [0, 'minutes of video uploaded'],
  viewers: [1000, 'viewers'],
  'clip-minutes': [10, 'minutes of clips and uploads that each of them watches'],
  'live-minutes': [30, 'minutes of the live stream that each of them watches'],
  'poll-seconds': [10, 'seconds after which an open app asks for the list again'],
  'hit-ratio': [0.99, 'the share of requests that the CDN answers by itself'],
  months: [1, 'months that clips and uploads are kept'],
} as const;

const HELP = [
  'make cost ARGS="--viewers 50000 --clips 200"',
  ...Object.entries(QUESTIONS).map(
    ([name, [usual, meaning]]) => `  --${name.padEnd(15)} ${meaning} (${usual})`,
  ),
  '  --redundant       two pipelines per channel',
  '  --private         a private library',
  '  --price NAME=USD  another price; may be given several times. The names:',
  ...[
    ...Object.entries(PRICES).map(([name, { unit }]) => [name, unit] as const),
    ['cdnTraffic', CDN_TRAFFIC.unit] as const,
    ...Object.entries(UNKNOWN),
  ].map(([name, unit]) => `    ${name.padEnd(24)} one ${unit}`),
].join('\n');

export class UsageError extends Error {}

export function readEvent(given: readonly string[]): {
  event: Event;
  prices: Record<string, number>;
} {
  const numbers = Object.fromEntries(
    Object.keys(QUESTIONS).map((name) => [name, { type: 'string' } as const]),
  );
  const flag = { type: 'boolean', default: false } as const;
  const parsed = parseArgs({
    args: [...given],
    options: {
      ...numbers,
      redundant: flag,
      private: flag,
      price: { type: 'string', multiple: true },
    },
  });
  const values: Readonly<Record<string, string | boolean | string[] | undefined>> = parsed.values;
  const number = (name: keyof typeof QUESTIONS): number => {
    const text = values[name];
    const value = text === undefined ? QUESTIONS[name][0] : Number(text);
    if (text === '' || !Number.isFinite(value) || value < 0)
      throw new UsageError(`--${name} has to be a number, not ${String(text)}.`);
    return value;
  };
  if (number('hit-ratio') > 1) throw new UsageError('--hit-ratio has to be from 0 to 1.');
  if (number('poll-seconds') === 0) throw new UsageError('--poll-seconds has to be more than 0.');
  const event: Event = {
    channels: number('channels'),
    hours: number('hours'),
    redundant: values['redundant'] === true,
    ladder: LADDER,
    segmentSeconds: 2,
    clips: number('clips'),
    clipSeconds: number('clip-seconds'),
    uploadMinutes: number('upload-minutes'),
    viewers: number('viewers'),
    clipMinutes: number('clip-minutes'),
    liveMinutes: number('live-minutes'),
    pollSeconds: number('poll-seconds'),
    hitRatio: number('hit-ratio'),
    months: number('months'),
    private: values['private'] === true,
  };
  return { event, prices: readPrices((values['price'] ?? []) as readonly string[]) };
}

function readPrices(pairs: readonly string[]): Record<string, number> {
  const names = [...Object.keys(PRICES), 'cdnTraffic', ...Object.keys(UNKNOWN)];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', text = ''] = pair.split('=');
      const usd = Number(text);
      if (!names.includes(name))
        throw new UsageError(
          `--price ${pair}: there is no price ${name}; there are ${names.join(', ')}.`,
        );
      if (text === '' || !Number.isFinite(usd) || usd < 0)
        throw new UsageError(`--price ${pair}: ${text} is not a number of dollars.`);
      return [name, usd];
    }),
  );
}

/** The estimate as it is printed. */
export function report(event: Event, prices: Readonly<Record<string, number>>): string {
  const lines = estimate(event, prices);
  const known = lines.filter((line) => line.usd !== undefined);
  const unknown = lines.filter((line) => line.usd === undefined);
  const perClip = event.clips > 0 ? `, or $${(total(known) / event.clips).toFixed(2)} a clip` : '';
  return [
    ...known.map(row),
    `${'Total'.padEnd(34)} ${money(total(known))}${perClip}`,
    '',
    ...(unknown.length === 0 ? [] : ['Not in the total, because no published price was found:']),
    ...unknown.map(
      (line) =>
        `  ${line.what}: ${amount(line.amount)} ${line.unit}; add it with --price ${line.price}=USD`,
    ),
    'Not in the total at all:',
    ...LEFT_OUT.map((what) => `  ${what}`),
    '',
    'Every viewer is taken to watch the best rendition, so traffic is an upper bound.',
    'Prices are of us-east-1:',
    ...sources(known, prices),
  ].join('\n');
}

function row(line: Line): string {
  return `${line.what.padEnd(34)} ${money(line.usd ?? 0)}   ${amount(line.amount).padStart(13)} × ${line.unit}`;
}

/** Where the prices of some lines stand, each place once. */
function sources(lines: readonly Line[], given: Readonly<Record<string, number>>): string[] {
  const places = lines.map(({ price }) => {
    if (price in given) return `  given with --price`;
    const { asOf, source } = PRICES[price] ?? CDN_TRAFFIC;
    return `  ${asOf}: ${source}`;
  });
  return [...new Set(places)].sort();
}

function money(usd: number): string {
  return `$${usd.toFixed(2)}`.padStart(12);
}

function amount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });
}

if (process.argv[1] === import.meta.filename) {
  const given = process.argv.slice(2);
  try {
    if (given.includes('--help')) {
      console.log(HELP);
    } else {
      const { event, prices } = readEvent(given);
      console.log(report(event, prices));
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exitCode = 1;
  }
}
