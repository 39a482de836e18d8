/** `make cost`: estimates the cost of an event, and lists the costs that it leaves out. */

import { parseArgs } from 'node:util';

import { CDN_TRAFFIC, LEFT_OUT, PRICES, UNKNOWN } from '../lib/prices/prices.ts';
import { DEFAULT_LADDER, FILE_KINDS } from '../lib/settings/settings.ts';
import { type CostLine, type Event, estimateCost, sumCosts } from './estimate.ts';

/** The options that describe an event, with their defaults. */
const OPTIONS = {
  channels: [1, 'channels on air'],
  hours: [3, 'hours that each channel is on air'],
  clips: [100, 'clips of the live stream'],
  'clip-seconds': [60, 'length of a clip in seconds'],
  'upload-minutes': [0, 'minutes of uploaded video'],
  operators: [3, 'operators with an open console, while a channel is on air'],
  viewers: [1000, 'viewers'],
  'clip-minutes': [10, 'minutes of clips and uploads that each viewer watches'],
  'live-minutes': [30, 'minutes of the live stream that each viewer watches'],
  'poll-seconds': [10, 'seconds between two list requests of an open app'],
  'hit-ratio': [0.99, 'share of requests that the CDN answers from its cache'],
  'frame-exact': [0, 'share of clips that are cut to frames'],
  months: [1, 'months for which clips and uploads are kept'],
} as const;

const HELP = [
  'make cost ARGS="--viewers 50000 --clips 200"',
  ...Object.entries(OPTIONS).map(
    ([name, [fallback, meaning]]) => `  --${name.padEnd(15)} ${meaning} (default ${fallback})`,
  ),
  `  --clip-files KINDS the files of each clip: ${FILE_KINDS.join(', ')} (all)`,
  '  --redundant       two pipelines for each channel',
  '  --private         a private library',
  '  --no-firewall     no firewall: the setting requestsPerAddress is 0',
  '  --price NAME=USD  sets a price; repeat it for several prices. Names:',
  ...[
    ...Object.entries(PRICES).map(([name, { unit }]) => [name, unit] as const),
    ['cdnTraffic', CDN_TRAFFIC.unit] as const,
    ...Object.entries(UNKNOWN),
  ].map(([name, unit]) => `    ${name.padEnd(24)} ${unit}`),
].join('\n');

export class UsageError extends Error {}

export function readEvent(given: readonly string[]): {
  event: Event;
  prices: Record<string, number>;
} {
  const numbers = Object.fromEntries(
    Object.keys(OPTIONS).map((name) => [name, { type: 'string' } as const]),
  );
  const flag = { type: 'boolean', default: false } as const;
  const parsed = parseArgs({
    args: [...given],
    options: {
      ...numbers,
      redundant: flag,
      private: flag,
      'no-firewall': flag,
      'clip-files': { type: 'string', default: 'all' },
      price: { type: 'string', multiple: true },
    },
  });
  const values: Readonly<Record<string, string | boolean | string[] | undefined>> = parsed.values;
  const number = (name: keyof typeof OPTIONS): number => {
    const text = values[name];
    const value = text === undefined ? OPTIONS[name][0] : Number(text);
    if (text === '' || !Number.isFinite(value) || value < 0)
      throw new UsageError(`--${name} must be a number of 0 or more, not ${String(text)}.`);
    return value;
  };
  if (number('hit-ratio') > 1) throw new UsageError('--hit-ratio must be between 0 and 1.');
  if (number('frame-exact') > 1) throw new UsageError('--frame-exact must be between 0 and 1.');
  if (number('poll-seconds') === 0) throw new UsageError('--poll-seconds must be more than 0.');
  const clipFiles = FILE_KINDS.find((kinds) => kinds === values['clip-files']);
  if (clipFiles === undefined)
    throw new UsageError(`--clip-files must be one of ${FILE_KINDS.join(', ')}.`);
  const event: Event = {
    channels: number('channels'),
    hours: number('hours'),
    redundant: values['redundant'] === true,
    ladder: DEFAULT_LADDER,
    segmentSeconds: 2,
    clips: number('clips'),
    clipSeconds: number('clip-seconds'),
    clipFiles,
    frameExact: number('frame-exact'),
    uploadMinutes: number('upload-minutes'),
    operators: number('operators'),
    viewers: number('viewers'),
    clipMinutes: number('clip-minutes'),
    liveMinutes: number('live-minutes'),
    pollSeconds: number('poll-seconds'),
    hitRatio: number('hit-ratio'),
    months: number('months'),
    private: values['private'] === true,
    firewall: values['no-firewall'] !== true,
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
          `--price ${pair}: unknown price ${name}. Known prices: ${names.join(', ')}.`,
        );
      if (text === '' || !Number.isFinite(usd) || usd < 0)
        throw new UsageError(`--price ${pair}: ${text} is not an amount in US dollars.`);
      return [name, usd];
    }),
  );
}

/** Formats the estimate for the terminal. */
export function formatEstimate(event: Event, prices: Readonly<Record<string, number>>): string {
  const lines = estimateCost(event, prices);
  const known = lines.filter((line) => line.usd !== undefined);
  const unknown = lines.filter((line) => line.usd === undefined);
  const perClip =
    event.clips > 0 ? `, or $${(sumCosts(known) / event.clips).toFixed(2)} for each clip` : '';
  return [
    ...known.map(formatLine),
    `${'Total'.padEnd(34)} ${formatUsd(sumCosts(known))}${perClip}`,
    '',
    ...(unknown.length === 0 ? [] : ['Not in the total, because no published price was found:']),
    ...unknown.map(
      (line) =>
        `  ${line.what}: ${formatAmount(line.amount)} ${line.unit}; set its price with --price ${line.price}=USD`,
    ),
    'Not in the estimate:',
    ...LEFT_OUT.map((what) => `  ${what}`),
    '',
    'The estimate assumes that every viewer watches the best rendition, so traffic is an upper bound.',
    'Prices are for us-east-1:',
    ...listSources(known, prices),
  ].join('\n');
}

function formatLine(line: CostLine): string {
  return `${line.what.padEnd(34)} ${formatUsd(line.usd ?? 0)}   ${formatAmount(line.amount).padStart(13)} × ${line.unit}`;
}

/** Lists the sources of the prices of some lines. */
function listSources(
  lines: readonly CostLine[],
  given: Readonly<Record<string, number>>,
): string[] {
  const places = lines.map(({ price }) => {
    if (price in given) return '  set with --price';
    const { asOf, source } = PRICES[price] ?? CDN_TRAFFIC;
    return `  ${asOf}: ${source}`;
  });
  return [...new Set(places)].sort();
}

function formatUsd(usd: number): string {
  return `$${usd.toFixed(2)}`.padStart(12);
}

function formatAmount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });
}

if (process.argv[1] === import.meta.filename) {
  const given = process.argv.slice(2);
  try {
    if (given.includes('--help')) {
      console.log(HELP);
    } else {
      const { event, prices } = readEvent(given);
      console.log(formatEstimate(event, prices));
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exitCode = 1;
  }
}
