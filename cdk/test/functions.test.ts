import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { TIMEOUTS } from '../lib/function/timeouts.ts';
import { findVariables, listFunctions } from './rust.ts';
import { EXISTING, MADE, PRIVATE, type Stack, vod, WEBHOOK } from './synthesis.ts';

const CASES: [string, () => Stack][] = [
  ['a public library', () => vod(EXISTING)],
  ['a private library', () => vod({ ...EXISTING, ...PRIVATE })],
  ['a channel of our own', () => vod(MADE)],
  [
    'webhooks and expiry',
    () => vod({ ...EXISTING, webhooks: [WEBHOOK], clipsExpireAfterDays: 30 }),
  ],
];

for (const [what, stack] of CASES) {
  test(`each function gets exactly the variables that it reads: ${what}`, () => {
    for (const bin of stack().bins()) {
      const variables: Record<string, unknown> =
        stack().function(bin).Properties['Environment'].Variables;
      const { FUNCTION: name, ...others } = variables;
      assert.equal(name, bin.replace(/^(deliver-webhook)-.*/, '$1'));
      const set = Object.keys(others);
      const { required, known } = findVariables(name, set);
      assert.deepEqual(
        [...required].filter((name) => !set.includes(name)),
        [],
        `${bin} needs these variables`,
      );
      assert.deepEqual(
        set.filter((name) => !known.has(name)),
        [],
        `${bin} does not read these variables`,
      );
    }
  });
}

test('the variables of a function are found in its source', () => {
  assert.deepEqual([...findVariables('create-clip', []).known].sort(), [
    'CDN_IDENTIFIER',
    'CHANNELS',
    'CLIPS_BUCKET',
    'CLIPS_TABLE',
    'CLIP_EXPIRY_DAYS',
    'DUE_QUEUE_URL',
    'HARVEST_ROLE_ARN',
    'ORIGIN_SECRETS',
    'PLAYBACK_SEAL_KEY',
    'VOD_BASE_URL',
  ]);
  assert.ok(
    findVariables('grant-playback', ['PLAYBACK_KEY_SECRET_ARN']).required.has(
      'PLAYBACK_KEY_PAIR_ID',
    ),
  );
});

test('an environment that Lambda would refuse is refused at synthesis, with the remedy', () => {
  const channels = Array.from({ length: 25 }, (_, at) => ({ id: `c${at}`, competition: 'demo' }));
  assert.throws(
    () => vod({ ...MADE, channels }),
    /environment of the function create-clip has about \d+ bytes, and Lambda's limit is 4096\. The largest variable is SETTINGS_VALUES\. .* Make fewer, or give some an originEndpoint/,
  );
});

test('docs/environment.md lists the functions that read each variable', () => {
  const text = readFileSync(`${import.meta.dirname}/../../docs/environment.md`, 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \|.*\| (.*?) \|$/gm)];
  const documented = new Map(
    rows.map(([, name = '', readers = '']) => [
      name,
      [...readers.matchAll(/`([a-z-]+)`/g)].map(([, bin = '']) => bin).sort(),
    ]),
  );
  const readers = new Map<string, string[]>();
  for (const bin of listFunctions()) {
    for (const name of findVariables(bin, ['PLAYBACK_KEY_SECRET_ARN']).known)
      readers.set(name, [...(readers.get(name) ?? []), bin]);
  }
  assert.deepEqual([...documented.keys()].sort(), [...readers.keys()].sort());
  for (const [name, bins] of documented) assert.deepEqual(bins, readers.get(name), name);
});

test('each function has its own role and log, with the configured retention', () => {
  const stack = vod({ ...EXISTING, logDays: 7 });
  const functions = stack.all('Lambda::Function');
  const roles = functions.map((it) => it.Properties['Role']['Fn::GetAtt'][0]);
  assert.equal(new Set(roles).size, functions.length);
  for (const { Properties: properties } of functions) {
    const log = stack.template.Resources[properties['LoggingConfig'].LogGroup.Ref];
    assert.equal(log?.Properties?.['LogGroupName'], `/aws/lambda/${properties['FunctionName']}`);
    assert.equal(log?.Properties?.['RetentionInDays'], 7);
    assert.equal(properties['Runtime'], 'provided.al2023');
    assert.equal(properties['TracingConfig'].Mode, 'Active');
  }
});

test('functions have the configured architecture', () => {
  const architectures = (stack: Stack) =>
    new Set(stack.all('Lambda::Function').map((it) => it.Properties['Architectures'][0]));
  assert.deepEqual(architectures(vod()), new Set(['x86_64']));
  assert.deepEqual(architectures(vod({ ...EXISTING, architecture: 'arm64' })), new Set(['arm64']));
});

test('one sweep runs at a time, and late ones are dropped', () => {
  const sweep = vod().function('sweep-library');
  assert.equal(sweep.Properties['ReservedConcurrentExecutions'], 1);
  const invoked = vod()
    .all('Lambda::EventInvokeConfig')
    .find((it) => it.Properties['FunctionName'].Ref === sweep.id);
  assert.equal(invoked?.Properties['MaximumRetryAttempts'], 0);
  assert.equal(invoked?.Properties['MaximumEventAgeInSeconds'], 60);
});

test('functions behind routes time out before API Gateway does', () => {
  const integrations = vod()
    .all('ApiGatewayV2::Integration')
    .map((it) => it.Properties['IntegrationUri']['Fn::GetAtt'][0]);
  for (const it of vod()
    .all('Lambda::Function')
    .filter(({ id }) => integrations.includes(id))) {
    assert.ok(it.Properties['Timeout'] < 30, it.Properties['FunctionName']);
  }
});

test('each function has its timeout, and each timeout has a function', () => {
  const stack = vod({ ...MADE, webhooks: [WEBHOOK] });
  const timeouts = Object.fromEntries(
    stack.all('Lambda::Function').flatMap(({ Properties: it }) => {
      const bin = it['Environment']?.Variables.FUNCTION;
      return bin === undefined ? [] : [[bin, it['Timeout']]];
    }),
  );
  for (const [bin, timeout] of Object.entries(timeouts))
    assert.equal(timeout, TIMEOUTS[bin] ?? TIMEOUTS['default'], bin);
  const unknown = Object.keys(TIMEOUTS).filter((bin) => bin !== 'default' && !(bin in timeouts));
  assert.deepEqual(unknown, []);
});

test('functions that were not built are refused', () => {
  assert.throws(
    () => vod({ ...EXISTING, functions: 'cdk' }),
    /bootstrap was not found\. Build the functions with cargo lambda build --release/,
  );
});
