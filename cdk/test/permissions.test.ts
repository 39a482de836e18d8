import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, MADE, PRIVATE, type Stack, synthesize, vod, WEBHOOK } from './synthesis.ts';

const TRACES = ['xray:PutTelemetryRecords *', 'xray:PutTraceSegments *'];
const OF_ACCOUNT = 'eu-central-1:111122223333';
const FIND = 'dynamodb:GetItem <LibraryClips>';
const WRITE = [FIND, 'dynamodb:PutItem <LibraryClips>'];
const HARVEST = [
  'iam:PassRole <ClipHarvestRole>',
  'mediapackage:CreateHarvestJob *',
  `mediapackage:DescribeHarvestJob arn:<AWS::Partition>:mediapackage:${OF_ACCOUNT}:harvest_jobs/*`,
];
const WAITING = 'dynamodb:Query <LibraryClips>/index/waiting';
const WAKE = [WAITING, 'sqs:SendMessage <ClipDueClips>'];
const MAKE_ASSETS = [
  'iam:PassRole <AssetReadRole>',
  'mediapackage-vod:CreateAsset *',
  `mediapackage-vod:DeleteAsset arn:<AWS::Partition>:mediapackage-vod:${OF_ACCOUNT}:assets/*`,
  `mediapackage-vod:DescribeAsset arn:<AWS::Partition>:mediapackage-vod:${OF_ACCOUNT}:assets/*`,
];
const ABORT = 's3:AbortMultipartUpload <UploadOriginals>/*';
const UNFINISHED = 's3:ListBucketMultipartUploads <UploadOriginals>';
const PUT_ORIGINAL = 's3:PutObject <UploadOriginals>/*';
/** S3 says that an object is not there only to who may list its bucket. */
const LOOK = ['s3:GetObject <UploadOriginals>/*', 's3:ListBucket <UploadOriginals>'];
const TRANSCODE = [
  ...LOOK,
  's3:GetObjectTagging <UploadOriginals>/*',
  'mediaconvert:CreateJob *',
  'mediaconvert:Probe *',
  'mediaconvert:SearchJobs *',
  'iam:PassRole <UploadTranscodeRole>',
];
const DISCARD = [
  's3:DeleteObject <ClipBucket>/clips/*',
  's3:DeleteObject <ClipBucket>/thumbnails/*',
  's3:ListBucket <ClipBucket>',
];
const take = (queue: string) =>
  [
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ReceiveMessage',
  ].map((it) => `sqs:${it} <${queue}>`);

/** What each function may do, besides writing its own log and its traces. */
const GRANTS: Record<string, string[]> = {
  'announce-clip': [
    'dynamodb:DescribeStream <LibraryClips>',
    'dynamodb:GetRecords <LibraryClips>',
    'dynamodb:GetShardIterator <LibraryClips>',
    'dynamodb:ListStreams *',
    `events:PutEvents arn:<AWS::Partition>:events:${OF_ACCOUNT}:event-bus/default`,
    'sqs:SendMessage <AnnounceUnannounced>',
  ],
  'asset-playable': [...WRITE, 'sqs:SendMessage <AssetUndelivered>'],
  'complete-upload': [FIND, PUT_ORIGINAL, ...LOOK],
  'create-clip': [...WRITE, ...HARVEST, ...WAKE],
  'create-upload': [...WRITE, PUT_ORIGINAL, UNFINISHED],
  'delete-clip': WRITE,
  'grant-playback': [],
  'harvest-clip': [...WRITE, ...HARVEST, ...WAKE, ...take('ClipDueClips')],
  'harvest-complete': [
    ...WRITE,
    ...MAKE_ASSETS,
    ...DISCARD,
    ...WAKE,
    'sqs:SendMessage <AssetUndelivered>',
  ],
  'list-clips': ['dynamodb:Query <LibraryClips>/index/active'],
  'list-upload-parts': [FIND, PUT_ORIGINAL],
  'refuse-request': [],
  'retry-clip': [...WRITE, ...WAKE],
  'scope-token': [],
  'show-clip': [FIND, WAITING],
  'show-health': [],
  'sweep-library': [
    ...WRITE,
    'dynamodb:DeleteItem <LibraryClips>',
    'dynamodb:Query <LibraryClips>/index/unfinished',
    ...HARVEST,
    ...MAKE_ASSETS,
    `mediapackage-vod:DescribePackagingGroup arn:<AWS::Partition>:mediapackage-vod:${OF_ACCOUNT}:packaging-groups/matchcut-default`,
    ...TRANSCODE,
    `mediaconvert:GetJob arn:<AWS::Partition>:mediaconvert:${OF_ACCOUNT}:jobs/*`,
    ...DISCARD,
    ...WAKE,
    ABORT,
    UNFINISHED,
    's3:DeleteObject <UploadOriginals>/*',
    'sqs:SendMessage <LibraryDropped>',
  ],
  'transcode-complete': [
    ...WRITE,
    ...MAKE_ASSETS,
    ...DISCARD,
    'sqs:SendMessage <UploadUndelivered>',
  ],
  'transcode-upload': [...WRITE, ...TRANSCODE, ...take('UploadArrived')],
  'update-clip': [...WRITE, WAITING],
};

test('each function may do its own job and nothing else', () => {
  const stack = vod();
  assert.deepEqual(stack.bins(), Object.keys(GRANTS).sort());
  for (const [bin, expected] of Object.entries(GRANTS)) {
    const grants = stack
      .grantsOf(bin)
      .filter((it) => !it.startsWith('logs:') && !TRACES.includes(it));
    assert.deepEqual(grants, [...expected].sort(), bin);
  }
});

test('a function writes to its own log only', () => {
  const stack = vod();
  for (const bin of stack.bins()) {
    const logs = stack.grantsOf(bin).filter((it) => it.startsWith('logs:'));
    const group = stack
      .function(bin)
      .Properties['LoggingConfig'].LogGroup.Ref.replace(/[0-9A-F]{8}$/, '');
    assert.deepEqual(logs, [`logs:CreateLogStream <${group}>`, `logs:PutLogEvents <${group}>`]);
  }
});

test('only the function that signs cookies may read their key', () => {
  const stack = vod({ ...EXISTING, ...PRIVATE });
  const readers = stack
    .bins()
    .filter((bin) => stack.grantsOf(bin).some((it) => it.startsWith('secretsmanager:')));
  assert.deepEqual(readers, ['grant-playback']);
  assert.ok(
    stack
      .grantsOf('grant-playback')
      .includes(`secretsmanager:GetSecretValue ${PRIVATE.playbackKeySecretArn}`),
  );
});

test('a webhook may read its own secret and queue only', () => {
  const another = { ...WEBHOOK, name: 'another', secretArn: `${WEBHOOK.secretArn}2` };
  const stack = vod({ ...EXISTING, webhooks: [WEBHOOK, another] });
  for (const { name, secretArn } of [WEBHOOK, another]) {
    const grants = stack
      .grantsOf(`deliver-webhook-${name}`)
      .filter((it) => !it.startsWith('logs:') && !TRACES.includes(it));
    assert.deepEqual(
      grants,
      [`secretsmanager:GetSecretValue ${secretArn}`, ...take(`Webhook${name}Changes`)].sort(),
      name,
    );
  }
});

test('a role is handed to the service it is for, and to no other', () => {
  const passes = vod()
    .all('IAM::Policy')
    .flatMap((policy) => policy.Properties['PolicyDocument'].Statement)
    .filter((statement) => [statement.Action].flat().includes('iam:PassRole'));
  assert.ok(passes.length > 0);
  for (const statement of passes) {
    const service = vod().text(statement.Resource).includes('Transcode')
      ? 'mediaconvert'
      : 'mediapackage';
    assert.deepEqual(statement.Condition, {
      StringEquals: { 'iam:PassedToService': `${service}.amazonaws.com` },
    });
  }
});

const roles = (stack: Stack, service: string) =>
  stack
    .all('IAM::Role')
    .filter(
      (role) =>
        role.Properties['AssumeRolePolicyDocument'].Statement[0].Principal.Service === service,
    );

test('the roles that MediaPackage assumes are for this account, and reach clips only', () => {
  const stack = vod();
  const assumed = roles(stack, 'mediapackage.amazonaws.com');
  for (const role of assumed) {
    const [statement] = role.Properties['AssumeRolePolicyDocument'].Statement;
    assert.deepEqual(
      statement.Condition,
      { StringEquals: { 'aws:SourceAccount': '111122223333' } },
      role.id,
    );
  }
  assert.deepEqual(assumed.flatMap((role) => stack.grants(role.id)).sort(), [
    's3:GetBucketLocation <ClipBucket>',
    's3:GetBucketLocation <ClipBucket>',
    's3:GetBucketRequestPayment <ClipBucket>',
    's3:GetObject <ClipBucket>/clips/*',
    's3:ListBucket <ClipBucket>',
    's3:ListBucket <ClipBucket>',
    's3:PutObject <ClipBucket>/clips/*',
    'secretsmanager:DescribeSecret <AssetCdnIdentifierSecret>',
    'secretsmanager:GetSecretValue <AssetCdnIdentifierSecret>',
    'secretsmanager:ListSecretVersionIds <AssetCdnIdentifierSecret>',
  ]);
});

test('no policy of any stack names an action by *', () => {
  for (const stack of Object.values(synthesize(MADE))) {
    for (const policy of stack.all('IAM::Policy')) {
      for (const statement of policy.Properties['PolicyDocument'].Statement) {
        assert.ok(
          ![statement.Action].flat().some((action: string) => action.includes('*')),
          policy.id,
        );
      }
    }
    for (const role of stack.all('IAM::Role'))
      assert.equal(role.Properties['ManagedPolicyArns'], undefined, role.id);
  }
});

test('what MediaPackage and MediaLive read when they are set up is permitted by then', () => {
  const { Live: live, Vod: vod_ } = synthesize({
    ...MADE,
    drm: { url: 'https://a1.execute-api.eu-central-1.amazonaws.com/p/keys', live: true },
  });
  const needs = (stack: Stack | undefined, type: string): string[] =>
    (stack?.all(type) ?? [])
      .flatMap((it) => [it['DependsOn'] ?? []].flat() as string[])
      .map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  assert.ok(
    needs(vod_, 'MediaPackage::PackagingGroup').includes('AssetCdnIdentifierRoleDefaultPolicy'),
  );
  assert.ok(
    needs(vod_, 'MediaPackage::PackagingConfiguration').includes('AssetKeyServerRoleDefaultPolicy'),
  );
  assert.ok(needs(live, 'MediaPackage::OriginEndpoint').includes('CdnIdentifierRoleDefaultPolicy'));
  assert.ok(needs(live, 'MediaLive::Channel').includes('mainEncoderRoleDefaultPolicy'));
});

test('the alarms of this account may publish to the topic, and nobody else may', () => {
  const { PolicyDocument: policy } = vod().one('SNS::TopicPolicy').Properties;
  const allowed = policy.Statement.filter((it: { Effect: string }) => it.Effect === 'Allow');
  assert.equal(allowed.length, 1);
  assert.deepEqual(
    [allowed[0].Action, allowed[0].Principal],
    ['sns:Publish', { Service: 'cloudwatch.amazonaws.com' }],
  );
  assert.deepEqual(allowed[0].Condition, { StringEquals: { 'aws:SourceAccount': '111122223333' } });
});
