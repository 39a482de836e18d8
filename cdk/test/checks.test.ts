import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readDeploySettings } from '../tools/arguments.ts';
import { checkAccount, checkCredentials } from '../tools/checks.ts';
import { type Answer, fakeAws, Refusal } from './fake-aws.ts';
import { writeTwoGroups } from './synthesis.ts';

const ACCOUNT = '111122223333';
const SERVICES = '/aws/service/global-infrastructure/regions/eu-central-1/services/';

/** An account that passes every check, with two other channels. */
const READY: Record<string, Answer> = {
  GetCallerIdentity: () =>
    `<Account>${ACCOUNT}</Account><Arn>arn:aws:iam::${ACCOUNT}:user/ann</Arn>`,
  GetParameter: () => ({ Parameter: { Value: '28' } }),
  GetParameters: () => ({ Parameters: [], InvalidParameters: [] }),
  GetServiceQuota: ({ QuotaCode }) => {
    const values: Record<string, number> = {
      'L-B1B90B42': 10,
      'L-563EE697': 10_000,
      'L-D1AFAF75': 5,
      'L-B99A9384': 1000,
    };
    return { Quota: { Value: values[String(QuotaCode)] } };
  },
  DescribeStacks: () =>
    new Refusal('ValidationError', 400, 'Stack with id matchcut-vod does not exist'),
  ListStackResources: () =>
    new Refusal('ValidationError', 400, 'Stack with id matchcut-live does not exist'),
  'GET /packaging_configurations/*': () => new Refusal('NotFoundException', 404),
  'GET /prod/channels': () => ({ channels: [{ id: '1' }, { id: '2' }] }),
};

const CONTEXT = { region: 'eu-central-1', encoders: '203.0.113.7/32' };

async function findings(
  changed: Record<string, Answer>,
  context: Record<string, string> = {},
): Promise<string[]> {
  const { aws } = await fakeAws({ ...READY, ...changed });
  const all = await checkAccount(aws, readDeploySettings({ ...CONTEXT, ...context }), ACCOUNT);
  return all.map(({ kind, text }) => `${kind}: ${text}`);
}

/** Checks the findings, except `ok`, for an account with one difference. */
async function check(
  changed: Record<string, Answer>,
  expected: readonly RegExp[],
  context = {},
): Promise<void> {
  const problems = (await findings(changed, context)).filter(
    (finding) => !finding.startsWith('ok'),
  );
  assert.equal(problems.length, expected.length, problems.join('\n'));
  for (const [at, pattern] of expected.entries()) assert.match(problems[at] ?? '', pattern);
}

const quota = (code: string, value: number): Record<string, Answer> => ({
  GetServiceQuota: (asked, path) => {
    return asked['QuotaCode'] === code
      ? { Quota: { Value: value } }
      : READY['GetServiceQuota']?.(asked, path);
  },
});

test('a complete account passes every check', async () => {
  assert.deepEqual(
    (await findings({})).filter((finding) => !finding.startsWith('ok')),
    [],
  );
});

test('valid credentials are found, and expired ones are reported', async () => {
  const { aws } = await fakeAws(READY);
  assert.deepEqual(await checkCredentials(aws), {
    account: ACCOUNT,
    finding: { kind: 'ok', text: `credentials: arn:aws:iam::${ACCOUNT}:user/ann` },
  });
  const { aws: expired } = await fakeAws({
    GetCallerIdentity: () => new Refusal('ExpiredToken', 403),
  });
  const { finding } = await checkCredentials(expired);
  assert.equal(finding.kind, 'missing');
  assert.match(
    finding.text,
    /^No valid AWS credentials were found \(ExpiredToken\)\. Sign in with/,
  );
});

test('each missing requirement is reported with its remedy', async () => {
  await check({ GetParameter: () => new Refusal('ParameterNotFound') }, [
    /^missing: .* not bootstrapped for the CDK in eu-central-1\. .*cdk\/node_modules\/.bin\/cdk bootstrap aws:\/\/111122223333\/eu-central-1"/,
    /^missing: .* not bootstrapped for the CDK in us-east-1\. .* set requestsPerAddress=0\.$/,
  ]);
  await check(
    { GetParameter: () => ({ Parameter: { Value: '5' } }) },
    [/^missing: .*cdk bootstrap/],
    { requestsPerAddress: '0' },
  );
  await check(
    {
      GetParameters: () => ({
        InvalidParameters: [`${SERVICES}medialive`, `${SERVICES}mediapackage`],
      }),
    },
    [
      /^missing: The region eu-central-1 does not have AWS Elemental MediaLive and AWS Elemental MediaPackage\./,
    ],
  );
  await check(quota('L-B1B90B42', 0), [/^missing: .*quota of harvest jobs is 0/]);
  await check(quota('L-B1B90B42', 3), [/^note: Only 3 clips .*L-B1B90B42/]);
  await check(quota('L-D1AFAF75', 2), [
    /^missing: .*1 MediaLive channels of 2, and 2 others in the account\. Raise .*L-D1AFAF75/,
  ]);
  await check(quota('L-B99A9384', 500), [
    /^missing: .*only 500 Lambda functions at once\. The 9 functions .* reserve 50 each.*or set publicConcurrency=44\.$/,
  ]);
  await check(quota('L-B99A9384', 500), [], { publicConcurrency: '44' });
  await check(quota('L-B99A9384', 101), [], { publicConcurrency: '0' });
  await check(quota('L-B99A9384', 10), [
    /^missing: .*only 10 Lambda functions at once.*L-B99A9384/,
  ]);
  await check({}, [/^missing: .*account 111122223333, but the setting account is 444455556666/], {
    account: '444455556666',
  });
});

test('full packaging groups are reported', async () => {
  const stack = (count: number): Record<string, Answer> => ({
    DescribeStacks: () =>
      '<Stacks><member><StackName>matchcut-vod</StackName><CreationTime>2026-11-01T00:00:00Z</CreationTime>' +
      '<StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>PackagingGroupIds</OutputKey>' +
      '<OutputValue>matchcut-default,matchcut-second</OutputValue></member></Outputs></member></Stacks>',
    'GET /packaging_groups/matchcut-default': () => ({ approximateAssetCount: count - 1 }),
    'GET /packaging_groups/matchcut-second': () => ({ approximateAssetCount: 1 }),
  });
  await check(stack(8000), []);
  await check(stack(8001), [/^note: the packaging groups have 8001 of at most 10000 assets/]);
  await check(stack(10_000), [
    /^missing: The packaging groups are full.* or add a packaging group\.$/,
  ]);
  // The folder has one more group, which is about to be deployed.
  await check(stack(10_000), [], { packagingGroups: writeTwoGroups() });
});

test('a packaging configuration that would change is reported, and one that is the same is not', async () => {
  const deployed = (useAudioRenditionGroup: boolean): Record<string, Answer> => ({
    'GET /packaging_configurations/matchcut-hls': () => ({
      id: 'matchcut-hls',
      hlsPackage: { useAudioRenditionGroup, segmentDurationSeconds: 4, hlsManifests: [{}] },
    }),
  });
  await check(deployed(false), []);
  await check(deployed(true), [
    /^missing: The packaging configuration matchcut-hls exists with another hlsPackage\.useAudioRenditionGroup than in default\.json, and MediaPackage cannot change it\. Copy .* set packagingGroups/,
  ]);
});

test('channels of the deployment are not counted twice', async () => {
  const resources = () =>
    '<StackResourceSummaries><member><ResourceType>AWS::MediaLive::Channel</ResourceType><LogicalResourceId>C</LogicalResourceId>' +
    '<PhysicalResourceId>1</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member></StackResourceSummaries>';
  await check({ ...quota('L-D1AFAF75', 2), ListStackResources: resources }, []);
});

test('an existing channel needs no quota', async () => {
  const originEndpoint = {
    id: 'main-hls',
    manifest: 'https://abc.mediapackage.eu-central-1.amazonaws.com/out/v1/a/index.m3u8',
  };
  const channels = JSON.stringify([{ id: 'main', competition: 'demo', originEndpoint }]);
  await check(quota('L-D1AFAF75', 0), [], { channels });
});

test('a quota that was never changed is the default of AWS', async () => {
  await check(
    {
      GetServiceQuota: () => new Refusal('NoSuchResourceException'),
      GetAWSDefaultServiceQuota: () => ({ Quota: { Value: 3 } }),
    },
    [/^note: Only 3 clips/, /^missing: .*Lambda functions at once/],
  );
});

test('a check without permission does not stop the deployment', async () => {
  await check({ GetServiceQuota: () => new Refusal('AccessDeniedException', 403) }, [
    /^note: Could not check the quota of harvest jobs \(AccessDeniedException\)/,
    /^note: Could not check the quota of assets/,
    /^note: Could not check the quota of channels/,
    /^note: Could not check the quota of functions/,
  ]);
  await check(
    { GetParameters: () => ({ InvalidParameters: [`${SERVICES}s3`, `${SERVICES}medialive`] }) },
    [/^note: AWS has no list of services for the region eu-central-1/],
  );
});
