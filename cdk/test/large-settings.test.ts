import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { moveLargeVariables } from '../lib/function/large-variables.ts';
import { findVariables } from './rust.ts';
import {
  ENDPOINT,
  EXISTING,
  MADE,
  PRIVATE,
  type Properties,
  type Stack,
  vod,
} from './synthesis.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ENVIRONMENT = 4096;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_PATTERN = 2048;
/** All inline policies of a role. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_POLICIES = 10_240;

const COMPETITIONS = Array.from(
  { length: 1000 },
  (_, at) => [`a-competition-with-a-long-name-${at}`, at + 1] as const,
);
const CHANNELS = Array.from({ length: 100 }, (_, at) => ({
  id: `a-long-camera-id-${at}`,
  competition: COMPETITIONS[at]?.[0],
  originEndpoint: { ...ENDPOINT, id: `an-endpoint-of-another-team-${at}` },
}));
const LARGE = {
  ...EXISTING,
  channels: CHANNELS,
  clipsExpireAfterDays: Object.fromEntries(COMPETITIONS),
  distributionBehaviors: 250,
  distributionOrigins: 150,
};

const readEnvironment = (stack: Stack, bin: string): Record<string, unknown> =>
  stack.function(bin).Properties['Environment'].Variables;

/** The content of the object of a function, whose name is the digest of the content. */
function readSettings(stack: Stack, bin: string): Record<string, string> {
  const url = stack.text(readEnvironment(stack, bin)['SETTINGS_OBJECT']);
  const [, digest = ''] = /\/([0-9a-f]{64})\.json$/.exec(url) ?? [];
  const file = `${stack.folder}/asset.${digest}.json`;
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
}

test('100 channels and 1,000 competitions with an expiry of their own are deployed', () => {
  const stack = vod(LARGE);
  for (const bin of stack.bins()) {
    const environment = readEnvironment(stack, bin);
    const size = Object.entries(environment).reduce(
      (sum, [name, value]) => sum + name.length + stack.text(value).length,
      0,
    );
    assert.ok(size < MAX_ENVIRONMENT / 2, `${bin}: ${size} bytes of environment`);
    const inObject = 'SETTINGS_OBJECT' in environment ? Object.keys(readSettings(stack, bin)) : [];
    const given = [...Object.keys(environment), ...inObject];
    assert.deepEqual(
      [...findVariables(bin, given).required].filter((name) => !given.includes(name)),
      [],
      `${bin} needs these variables`,
    );
    const grants = stack
      .listGrants(bin)
      .filter((it) => /^s3:GetObject .*\/[0-9a-f]{64}\.json$/.test(it));
    assert.equal(grants.length, inObject.length > 0 ? 1 : 0, `${bin} reads its own settings only`);
  }
  const { CHANNELS: channels = '', CLIP_EXPIRY_DAYS: days = '' } = readSettings(
    stack,
    'create-clip',
  );
  assert.deepEqual(JSON.parse(days), Object.fromEntries(COMPETITIONS));
  const described = JSON.parse(channels) as Properties[];
  assert.deepEqual(
    described.map(({ id, competition }) => [id, competition]),
    CHANNELS.map(({ id, competition }) => [id, competition]),
  );
  assert.equal(
    described[99]?.['viewerManifest'],
    `https://{{0}}/live/a-long-camera-id-99/out/v1/0123abc/index.m3u8`,
  );
  const values = readEnvironment(stack, 'create-clip')['SETTINGS_VALUES'];
  assert.equal(stack.text(values), '["<DeliveryDistribution>"]');
});

test('100 channels exceed no other limit of AWS', () => {
  const stack = vod(LARGE);
  for (const rule of stack.all('Events::Rule')) {
    const pattern = rule.Properties['EventPattern'];
    if (pattern === undefined) continue;
    assert.ok(JSON.stringify(pattern).length < MAX_PATTERN, rule.id);
  }
  const sizes = new Map<string, number>();
  for (const { Properties: policy } of stack.all('IAM::Policy'))
    for (const { Ref: role } of policy['Roles']) {
      const size = JSON.stringify(policy['PolicyDocument']).length;
      sizes.set(role, (sizes.get(role) ?? 0) + size);
    }
  for (const [role, size] of sizes) assert.ok(size < MAX_POLICIES, `${role}: ${size} bytes`);
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
  const secret = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:theirs-AbCdEf';
  const channels = CHANNELS.map((channel) => ({
    ...channel,
    originEndpoint: { ...channel.originEndpoint, cdnIdentifierSecretArn: secret },
  }));
  const text = JSON.stringify(vod({ ...LARGE, ...PRIVATE, channels }).template);
  const references = text.match(/\{\{resolve:/g) ?? [];
  assert.ok(references.length <= 60, `${references.length} references to secrets`);
});

test('more channels than the distribution has behaviors or origins for are refused, with the setting', () => {
  const check = (settings: object, expected: RegExp) =>
    assert.throws(() => vod({ ...LARGE, ...settings }), expected);
  check(
    { distributionBehaviors: 75 },
    /^SettingsError: .*100 channels, so the distribution needs 214 behaviors, and the quota is 75\. .* set distributionBehaviors to it/,
  );
  const hosts = CHANNELS.map((channel, at) => ({
    ...channel,
    originEndpoint: {
      ...channel.originEndpoint,
      manifest: ENDPOINT.manifest.replace('abc', `host-${at}`),
    },
  }));
  check(
    { channels: hosts, distributionOrigins: 100 },
    /needs 104 origins, and the quota is 100\. .* set distributionOrigins/,
  );
});

test('a deployment with other settings gives its functions another object', () => {
  const url = (days: number) =>
    readEnvironment(
      vod({ ...LARGE, clipsExpireAfterDays: { ...LARGE.clipsExpireAfterDays, '*': days } }),
      'create-clip',
    )['SETTINGS_OBJECT'];
  assert.notDeepEqual(url(30), url(31));
  assert.deepEqual(url(30), url(30));
});

test('the URLs of our own channels, known at deployment only, are passed beside the object', () => {
  const channels = Array.from({ length: 10 }, (_, at) => ({ id: `c${at}`, competition: 'demo' }));
  const stack = vod({ ...MADE, channels });
  const { CHANNELS: text = '' } = readSettings(stack, 'create-clip');
  const described = JSON.parse(text) as Properties[];
  assert.match(described[9]?.['manifest'], /^https:\/\/\{\{\d+\}\}\/out\/\{\{\d+\}\}$/);
  assert.match(described[9]?.['mediaLiveChannelId'], /^\{\{\d+\}\}$/);
  const numbers = new Set(text.match(/\{\{\d+\}\}/g));
  const values = stack.text(readEnvironment(stack, 'create-clip')['SETTINGS_VALUES']);
  // The host, the path and the id of each channel, and the distribution.
  assert.equal(numbers.size, 3 * 10 + 1);
  assert.equal(values.match(/ImportValue|<import>/g)?.length, 3 * 10);
});

test('settings that fit stay in the environment, and nothing secret is ever moved', () => {
  assert.ok(!('SETTINGS_OBJECT' in readEnvironment(vod(), 'create-clip')));
  const secret = { PLAYBACK_SEAL_KEY: 'x'.repeat(5000) };
  assert.deepEqual(moveLargeVariables(undefined as never, secret), { environment: secret });
});
