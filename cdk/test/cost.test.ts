import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CDN_TRAFFIC, computeTrafficCost, PRICES, UNKNOWN } from '../lib/prices/prices.ts';
import { formatEstimate, readEvent } from '../tools/cost.ts';
import { type CostLine, type Event, estimateCost, sumCosts } from '../tools/estimate.ts';
import { vod } from './synthesis.ts';

/** An empty event. Each test adds what it is about. */
const NOTHING: Event = {
  channels: 0,
  hours: 0,
  redundant: false,
  ladder: [
    { width: 1280, height: 720, bitrate: 1_872_000 },
    { width: 640, height: 360, bitrate: 872_000 },
  ],
  segmentSeconds: 2,
  clips: 0,
  clipSeconds: 60,
  clipFiles: 'none',
  frameExact: 0,
  uploadMinutes: 0,
  operators: 0,
  viewers: 0,
  clipMinutes: 0,
  liveMinutes: 0,
  pollSeconds: 10,
  hitRatio: 0.99,
  months: 0,
  private: false,
  firewall: false,
};

test('the files of a clip cost an output of at least ten seconds', () => {
  const files = (event: Partial<Event>) => costs({ clips: 6, clipSeconds: 5, ...event });
  const [hd = 0, sd = 0] = ['mediaConvertHd', 'mediaConvertSd'].map((it) => PRICES[it]?.usd);
  assert.ok(hd > sd && sd > 0);
  near(files({ clipFiles: 'all' })['MediaConvert: files of clips, HD'], hd);
  near(files({ clipFiles: 'pictures' })['MediaConvert: files of clips, SD'], sd);
  assert.equal(files({})['MediaConvert: files of clips, HD'], undefined);
  const uploads = costs({ uploadMinutes: 3, clipFiles: 'all' });
  near(uploads['MediaConvert: files of clips, HD'], 3 * hd);
});

test('a frame-exact clip is encoded and stored a second time', () => {
  const clips = { clips: 4, clipSeconds: 30, months: 1 };
  const [before, after] = [costs(clips), costs({ ...clips, frameExact: 0.5 })];
  near(after['MediaConvert: frame-exact clips, HD'], PRICES['mediaConvertHd']?.usd ?? 0);
  near(after['MediaConvert: frame-exact clips, SD'], PRICES['mediaConvertSd']?.usd ?? 0);
  const storage = 'S3: stored clips and uploads';
  near(after[storage], 1.5 * (before[storage] ?? 0));
});

/** With audio, the renditions have 3,000,000 bits a second, and the best one 2,000,000. */
const GB = 8 * 2 ** 30;

function costs(event: Partial<Event>, given = {}): Record<string, number | undefined> {
  return Object.fromEntries(
    estimateCost({ ...NOTHING, ...event }, given).map((line: CostLine) => [line.what, line.usd]),
  );
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) < 1e-9,
    `${actual} is not ${expected}`,
  );
}

test('an empty event costs nothing', () => {
  assert.deepEqual(costs({}), {});
});

test('a channel is billed by the hour for its input and each rendition', () => {
  const once = costs({ channels: 2, hours: 3 });
  near(once['MediaLive: input'], 6 * 0.1404);
  near(once['MediaLive: HD renditions'], 6 * 0.4212);
  near(once['MediaLive: SD renditions'], 6 * 0.2124);
  near(once['MediaPackage: live ingest'], ((6 * 3600 * 3e6) / GB) * 0.03);
});

test('two pipelines have their own prices, and are ingested twice', () => {
  const twice = costs({ channels: 1, hours: 1, redundant: true });
  near(twice['MediaLive: HD renditions'], 0.702);
  near(twice['MediaLive: input'], 0.234);
  near(twice['MediaPackage: live ingest'], ((2 * 3600 * 3e6) / GB) * 0.03);
});

test('the firewall is billed by the month and for each request, unless it is turned off', () => {
  const viewers = { viewers: 1000, clipMinutes: 10, months: 2 };
  const on = costs({ ...viewers, firewall: true });
  near(on['WAF: firewall'], 12);
  near(on['WAF: requests'], ((on['CloudFront: requests'] ?? 0) / 0.000001) * 0.0000006);
  assert.equal(costs(viewers)['WAF: requests'], undefined);
  assert.equal(readEvent([]).event.firewall, true);
  assert.equal(readEvent(['--no-firewall']).event.firewall, false);
});

test('storage is billed by the month', () => {
  const kept = costs({ clips: 100, months: 3 });
  near(kept['S3: stored clips and uploads'], ((100 * 60 * 3e6) / GB) * 3 * 0.023);
  near(kept['S3: PUT requests'], 100 * 30 * 2 * 0.000005);
  near(kept['Secrets Manager'], 3 * 3 * 0.4);
  near(costs({ private: true, months: 3 })['Secrets Manager'], 3 * 4 * 0.4);
});

test('uploads are billed by the minute of each rendition', () => {
  const uploads = costs({ uploadMinutes: 40 });
  near(uploads['MediaConvert: HD renditions'], 40 * 0.015);
  near(uploads['MediaConvert: SD renditions'], 40 * 0.0075);
});

test('viewers cost traffic, requests and cache misses', () => {
  const watched = costs({ viewers: 1000, liveMinutes: 30, clipMinutes: 10, hitRatio: 0.9 });
  const gb = (1000 * 40 * 60 * 2e6) / GB;
  near(watched['CloudFront: traffic'], gb * 0.085);
  near(watched['MediaPackage: live to the CDN'], ((1000 * 30 * 60 * 2e6) / GB) * 0.1 * 0.05);
  const polls = (1000 * 40 * 60) / 10;
  const files = 1000 * 25;
  near(watched['CloudFront: requests'], (2 * 900_000 + 300_000 + polls + files) * 0.000001);
  near(watched['API Gateway'], polls * 0.1 * 0.000001);
});

test('the consoles of operators cost requests, which are not cached', () => {
  const polled = costs({ operators: 20, hours: 12 });
  const changes = (20 * 12 * 3600) / 1.5;
  const calls = changes + (20 * 12 * 3600) / 5;
  near(polled['CloudFront: requests'], calls * 0.000001);
  near(polled['API Gateway'], calls * 0.000001);
  near(polled['Lambda: invocations'], (calls + 12 * 60) * 0.0000002);
  near(polled['DynamoDB: reads'], changes * 0.5 * 0.000000125);
  // Twelve hours of twenty operators cost less than two hours on air.
  assert.ok(sumCosts(estimateCost({ ...NOTHING, operators: 20, hours: 12 })) < 2);
});

test('the time of functions is billed with their memory', () => {
  const { MemorySize: memory } = vod().function('list-clips').Properties;
  const clips = costs({ clips: 1000 });
  near(clips['Lambda: duration'], 1000 * 6 * 0.05 * (memory / 1024) * 0.0000166667);
});

test('traffic gets cheaper tier by tier', () => {
  near(computeTrafficCost(0), 0);
  near(computeTrafficCost(10_240), 870.4);
  near(computeTrafficCost(10_241), 870.48);
  near(computeTrafficCost(51_200), 870.4 + 40_960 * 0.08);
  const limits = CDN_TRAFFIC.tiers.map((tier) => tier.upToGb);
  assert.deepEqual(
    limits,
    [...limits].sort((a, b) => a - b),
  );
});

test('an unknown price is not in the total, and is listed as missing', () => {
  const event = { ...NOTHING, clips: 10, viewers: 10, clipMinutes: 5 };
  const lines = estimateCost(event);
  for (const what of ['MediaPackage: harvests', 'MediaPackage: clips to the CDN']) {
    assert.equal(lines.find((line) => line.what === what)?.usd, undefined);
    assert.match(
      formatEstimate(event, {}),
      new RegExp(`Not in the total, because[^]*${what}: [^]*Not in the estimate`),
    );
  }
  const given = estimateCost(event, { vodPackaging: 0.05 });
  near(sumCosts(given) - sumCosts(lines), ((10 * 5 * 60 * 2e6) / GB) * 0.01 * 0.05);
});

test('every price has a date and a source', () => {
  for (const [name, { usd, unit, asOf, source }] of Object.entries(PRICES)) {
    assert.ok(usd > 0 && unit !== '' && source !== '', name);
    assert.match(asOf, /^20\d\d-\d\d-\d\d$/, name);
    assert.ok(!(name in UNKNOWN), name);
  }
});

test('every price has a line that uses it', () => {
  const full = {
    ...NOTHING,
    channels: 1,
    hours: 1,
    clips: 1,
    uploadMinutes: 1,
    viewers: 1,
    clipMinutes: 1,
    liveMinutes: 1,
    months: 1,
    firewall: true,
  };
  const used = new Set(
    [...estimateCost(full), ...estimateCost({ ...full, redundant: true })].map(
      (line) => line.price,
    ),
  );
  assert.deepEqual(
    [...used].sort(),
    [...Object.keys(PRICES), ...Object.keys(UNKNOWN), 'cdnTraffic'].sort(),
  );
});

test('arguments are read, and wrong ones are refused with the reason', () => {
  const { event, prices } = readEvent([
    '--viewers',
    '50000',
    '--redundant',
    '--price',
    'ingest=0.031',
    '--price',
    'harvest=0',
  ]);
  assert.equal(event.viewers, 50_000);
  assert.equal(event.redundant, true);
  assert.equal(event.hours, 3);
  assert.deepEqual(prices, { ingest: 0.031, harvest: 0 });
  const refused = (given: readonly string[], expected: RegExp) =>
    assert.throws(() => readEvent(given), expected);
  refused(['--viewers', 'many'], /--viewers must be a number of 0 or more, not many/);
  refused(['--hours=-1'], /--hours must be a number/);
  refused(['--hit-ratio', '2'], /between 0 and 1/);
  refused(['--poll-seconds', '0'], /more than 0/);
  refused(['--price', 'beer=3'], /unknown price beer\. Known prices: mediaLiveInput,/);
  refused(['--price', 'ingest=cheap'], /cheap is not an amount in US dollars/);
  refused(['--wievers', '3'], /Unknown option '--wievers'/);
});

test('the total is the sum of the lines', () => {
  const { event, prices } = readEvent([]);
  const printed = formatEstimate(event, prices);
  const rows = [...printed.matchAll(/^(?!Total).+ \$(\d+\.\d\d) {3}/gm)].map((match) =>
    Number(match[1]),
  );
  const sum = Number(/^Total +\$(\d+\.\d\d)/m.exec(printed)?.[1]);
  assert.ok(
    rows.length > 10 &&
      Math.abs(rows.reduce((all, one) => all + one, 0) - sum) < 0.01 * rows.length,
    printed,
  );
});
