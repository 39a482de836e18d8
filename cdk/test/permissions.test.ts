import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, MADE, PRIVATE, type Stack, synthesize, vod, WEBHOOK } from './synthesis.ts';

const TRACES = ['xray:PutTelemetryRecords *', 'xray:PutTraceSegments *'];
const IN_ACCOUNT = 'eu-central-1:111122223333';
const READ = 'dynamodb:GetItem <LibraryClips>';
const WRITE = [READ, 'dynamodb:PutItem <LibraryClips>'];
const HARVEST = [
  'iam:PassRole <ClipHarvestRole>',
  'mediapackage:CreateHarvestJob *',
  `mediapackage:DescribeHarvestJob arn:<AWS::Partition>:mediapackage:${IN_ACCOUNT}:harvest_jobs/*`,
];
const QUERY_QUEUE = 'dynamodb:Query <LibraryClips>/index/waiting';
const LIST_CLIPS = [
  'dynamodb:BatchGetItem <LibraryClips>',
  'dynamodb:Query <LibraryClips>/index/listed',
];
const SEND_DUE_MESSAGES = [QUERY_QUEUE, 'sqs:SendMessage <ClipDueClips>'];
const CREATE_ASSETS = [
  'iam:PassRole <AssetReadRole>',
  'mediapackage-vod:CreateAsset *',
  `mediapackage-vod:DeleteAsset arn:<AWS::Partition>:mediapackage-vod:${IN_ACCOUNT}:assets/*`,
  `mediapackage-vod:DescribeAsset arn:<AWS::Partition>:mediapackage-vod:${IN_ACCOUNT}:assets/*`,
];
const ABORT = 's3:AbortMultipartUpload <UploadOriginals>/*';
const LIST_MULTIPART_UPLOADS = 's3:ListBucketMultipartUploads <UploadOriginals>';
/** Only rows of channels: see the test below. */
const OBSERVE = [READ, 'dynamodb:UpdateItem <LibraryClips>'];
/** Only rows of marks: see the test below. */
const CREATE_MARKS = [...WRITE, 'dynamodb:UpdateItem <LibraryClips>'];
const LIST_PARTS = 's3:ListMultipartUploadParts <UploadOriginals>/*';
const PUT_ORIGINAL = 's3:PutObject <UploadOriginals>/*';
/** S3 answers 404 only to callers that may list the bucket. */
const READ_ORIGINALS = ['s3:GetObject <UploadOriginals>/*', 's3:ListBucket <UploadOriginals>'];
const TRANSCODE = [
  ...READ_ORIGINALS,
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
/** S3 answers 404 only to callers that may list the bucket. */
const READ_MANIFESTS = [
  's3:GetObject <ClipBucket>/clips/*/index.m3u8',
  's3:ListBucket <ClipBucket>',
];
/** The job that makes the files of a clip reads and writes with the role of transcodes. */
const START_FILE_JOBS = [
  ...READ_MANIFESTS,
  'mediaconvert:CreateJob *',
  'iam:PassRole <UploadTranscodeRole>',
];
const WRITE_STORYBOARDS = 's3:PutObject <ClipBucket>/clips/*/storyboard.vtt';
const READ_EXPORTS = [READ, 's3:GetObject <ClipBucket>/exports/*'];
const take = (queue: string) =>
  [
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ReceiveMessage',
  ].map((it) => `sqs:${it} <${queue}>`);

/** The permissions of each function, besides its log and its traces. */
const GRANTS: Record<string, string[]> = {
  'announce-clip': [
    'dynamodb:DescribeStream <LibraryClips>',
    'dynamodb:GetRecords <LibraryClips>',
    'dynamodb:GetShardIterator <LibraryClips>',
    'dynamodb:ListStreams *',
    `events:PutEvents arn:<AWS::Partition>:events:${IN_ACCOUNT}:event-bus/default`,
    'sqs:SendMessage <AnnounceUnannounced>',
  ],
  'apply-rules': [
    ...WRITE,
    'dynamodb:ConditionCheckItem <LibraryClips>',
    'dynamodb:Query <LibraryClips>',
    'dynamodb:DescribeStream <LibraryClips>',
    'dynamodb:GetRecords <LibraryClips>',
    'dynamodb:GetShardIterator <LibraryClips>',
    'dynamodb:ListStreams *',
    'sqs:SendMessage <ClipDueClips>',
    'sqs:SendMessage <RuleUnapplied>',
  ],
  'asset-playable': [...WRITE, 'sqs:SendMessage <AssetUndelivered>'],
  'complete-upload': [...WRITE, PUT_ORIGINAL, ...READ_ORIGINALS],
  'confirm-clip': [...WRITE, ...HARVEST, ...SEND_DUE_MESSAGES],
  'create-clip': [...WRITE, ...HARVEST, ...SEND_DUE_MESSAGES],
  'create-export': [
    ...WRITE,
    ...READ_MANIFESTS,
    'mediaconvert:CreateJob *',
    'iam:PassRole <UploadTranscodeRole>',
  ],
  'create-mark': CREATE_MARKS,
  'create-reel': [...WRITE, ...LIST_CLIPS],
  'create-rule': ['dynamodb:PutItem <LibraryClips>', 'dynamodb:Query <LibraryClips>'],
  'create-upload': [...WRITE, PUT_ORIGINAL, LIST_MULTIPART_UPLOADS],
  'delete-clip': WRITE,
  'delete-mark': ['dynamodb:DeleteItem <LibraryClips>'],
  'delete-rule': [READ, 'dynamodb:DeleteItem <LibraryClips>'],
  'describe-embed': [READ],
  'export-complete': [
    ...WRITE,
    's3:ListBucket <ClipBucket>',
    'sqs:SendMessage <ExportUndelivered>',
  ],
  'grant-playback': [],
  // No SendMessage to its own queue, which Lambda would stop as a loop.
  'harvest-clip': [...WRITE, ...HARVEST, QUERY_QUEUE, ...take('ClipDueClips')],
  'harvest-complete': [
    ...WRITE,
    ...CREATE_ASSETS,
    ...DISCARD,
    ...START_FILE_JOBS.filter((it) => !DISCARD.includes(it)),
    ...SEND_DUE_MESSAGES,
    'sqs:SendMessage <AssetUndelivered>',
  ],
  'follow-clip': [READ, QUERY_QUEUE],
  'list-changes': ['dynamodb:Query <LibraryClips>/index/changes', QUERY_QUEUE],
  'list-channels': OBSERVE,
  'list-clips': LIST_CLIPS,
  'list-exports': READ_EXPORTS,
  'list-marks': ['dynamodb:Query <LibraryClips>'],
  'list-rules': ['dynamodb:Query <LibraryClips>'],
  'list-upload-parts': [READ, PUT_ORIGINAL, LIST_PARTS],
  'preview-rule': ['dynamodb:Query <LibraryClips>'],
  'receive-marks': CREATE_MARKS,
  'refuse-request': [],
  'replace-rule': WRITE,
  'restore-clip': [...WRITE, ...SEND_DUE_MESSAGES],
  'retry-clip': [...WRITE, ...SEND_DUE_MESSAGES],
  'scope-token': [],
  'show-clip': [READ, QUERY_QUEUE],
  'show-export': READ_EXPORTS,
  'show-feed': LIST_CLIPS,
  'show-health': [],
  'show-page': [READ],
  'show-sitemap': LIST_CLIPS,
  'show-timeline': [READ, ...READ_MANIFESTS],
  'start-channel': OBSERVE,
  'stop-channel': OBSERVE,
  'sweep-library': [
    ...WRITE,
    ...OBSERVE,
    ...CREATE_MARKS,
    'dynamodb:DeleteItem <LibraryClips>',
    'dynamodb:Query <LibraryClips>/index/unfinished',
    ...HARVEST,
    'mediapackage:ListHarvestJobs *',
    ...CREATE_ASSETS,
    `mediapackage-vod:DescribePackagingGroup arn:<AWS::Partition>:mediapackage-vod:${IN_ACCOUNT}:packaging-groups/matchcut-default`,
    ...TRANSCODE,
    `mediaconvert:GetJob arn:<AWS::Partition>:mediaconvert:${IN_ACCOUNT}:jobs/*`,
    ...DISCARD,
    ...READ_MANIFESTS.filter((it) => !DISCARD.includes(it)),
    WRITE_STORYBOARDS,
    's3:DeleteObject <ClipBucket>/exports/*',
    ...SEND_DUE_MESSAGES,
    ABORT,
    LIST_MULTIPART_UPLOADS,
    LIST_PARTS,
    PUT_ORIGINAL,
    's3:DeleteObject <UploadOriginals>/*',
    'sqs:SendMessage <LibraryDropped>',
  ],
  'transcode-complete': [
    ...WRITE,
    ...CREATE_ASSETS,
    ...DISCARD,
    ...START_FILE_JOBS.filter((it) => !DISCARD.includes(it)),
    WRITE_STORYBOARDS,
    'sqs:SendMessage <UploadUndelivered>',
  ],
  'transcode-upload': [...WRITE, ...TRANSCODE, ...take('UploadArrived')],
  'update-clip': [...WRITE, ...SEND_DUE_MESSAGES],
};

test('each function has the permissions in this table and no others', () => {
  const stack = vod();
  assert.deepEqual(stack.bins(), Object.keys(GRANTS).sort());
  for (const [bin, expected] of Object.entries(GRANTS)) {
    const grants = stack
      .listGrants(bin)
      .filter((it) => !it.startsWith('logs:') && !TRACES.includes(it));
    assert.deepEqual(grants, [...expected].sort(), bin);
  }
});

test('a function can write only to its own log', () => {
  const stack = vod();
  for (const bin of stack.bins()) {
    const logs = stack.listGrants(bin).filter((it) => it.startsWith('logs:'));
    const group = stack
      .function(bin)
      .Properties['LoggingConfig'].LogGroup.Ref.replace(/[0-9A-F]{8}$/, '');
    assert.deepEqual(logs, [`logs:CreateLogStream <${group}>`, `logs:PutLogEvents <${group}>`]);
  }
});

test('only the function that signs cookies can read their key', () => {
  const stack = vod({ ...EXISTING, ...PRIVATE });
  const readers = stack
    .bins()
    .filter((bin) => stack.listGrants(bin).some((it) => it.startsWith('secretsmanager:')));
  assert.deepEqual(readers, ['grant-playback']);
  assert.ok(
    stack
      .listGrants('grant-playback')
      .includes(`secretsmanager:GetSecretValue ${PRIVATE.playbackKeySecretArn}`),
  );
});

test('the webhook of marks can read its secret and no other', () => {
  const secretArn = `${WEBHOOK.secretArn}3`;
  const stack = vod({ ...EXISTING, webhooks: [WEBHOOK], marksWebhookSecretArn: secretArn });
  const isOfSecret = (grant: string) => grant.startsWith('secretsmanager:');
  const grants = (bin: string) => stack.listGrants(bin).filter(isOfSecret);
  assert.deepEqual(grants('receive-marks'), [`secretsmanager:GetSecretValue ${secretArn}`]);
  const readers = stack.bins().filter((bin) => grants(bin).length > 0);
  assert.deepEqual(readers, ['deliver-webhook-newsroom', 'receive-marks']);
});

test('a webhook can read only its own secret and queue', () => {
  const another = { ...WEBHOOK, name: 'another', secretArn: `${WEBHOOK.secretArn}2` };
  const stack = vod({ ...EXISTING, webhooks: [WEBHOOK, another] });
  for (const { name, secretArn } of [WEBHOOK, another]) {
    const grants = stack
      .listGrants(`deliver-webhook-${name}`)
      .filter((it) => !it.startsWith('logs:') && !TRACES.includes(it));
    assert.deepEqual(
      grants,
      [`secretsmanager:GetSecretValue ${secretArn}`, ...take(`Webhook${name}Changes`)].sort(),
      name,
    );
  }
});

test('a function can start and stop only the channels of the stack Live', () => {
  const stack = vod({
    ...MADE,
    channels: [...EXISTING.channels, { id: 'pit', competition: 'demo' }],
  });
  const grants = (bin: string) => stack.listGrants(bin).filter((it) => it.startsWith('medialive:'));
  const channel = `arn:<AWS::Partition>:medialive:${IN_ACCOUNT}:channel:<import>`;
  const read = [`medialive:DescribeChannel ${channel}`, 'medialive:ListAlerts *'];
  assert.deepEqual(grants('list-channels'), read);
  assert.deepEqual(grants('start-channel'), [...read, `medialive:StartChannel ${channel}`]);
  assert.deepEqual(grants('stop-channel'), [...read, `medialive:StopChannel ${channel}`]);
  // The sweep measures live edges.
  assert.deepEqual(grants('sweep-library'), [`medialive:DescribeChannel ${channel}`]);
  const others = stack.bins().filter((it) => !it.includes('channel') && it !== 'sweep-library');
  for (const bin of others) assert.deepEqual(grants(bin), [], bin);
});

test('the functions of channels and marks can reach no clip', () => {
  const stack = vod({
    ...EXISTING,
    channels: [...EXISTING.channels, { ...EXISTING.channels[0], id: 'pit' }],
  });
  const kinds = {
    channel: ['list-channels', 'start-channel', 'stop-channel'],
    marks: ['create-mark', 'list-marks', 'delete-mark', 'receive-marks'],
  };
  const bins = Object.entries(kinds).flatMap(([kind, names]) =>
    names.map((bin) => [bin, kind] as const),
  );
  for (const [bin, kind] of bins) {
    const role = stack.function(bin).Properties['Role']['Fn::GetAtt'][0];
    const statements = stack
      .roleStatements(role)
      .filter((it) => [it.Action].flat().some((action) => action.startsWith('dynamodb:')));
    assert.equal(statements.length, 1, bin);
    assert.deepEqual(statements[0].Condition, {
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`${kind}#main`, `${kind}#pit`] },
    });
  }
});

test('a role can be passed only to its service', () => {
  const passes = vod()
    .all('IAM::Role')
    .flatMap((role) => vod().roleStatements(role.id))
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

test('the roles of MediaPackage have the condition that a page documents, and can reach only clips', () => {
  const stack = vod();
  const assumed = roles(stack, 'mediapackage.amazonaws.com');
  for (const role of assumed) {
    const [statement] = role.Properties['AssumeRolePolicyDocument'].Statement;
    // Only harvest jobs are documented to send `aws:SourceAccount`. With an undocumented condition,
    // MediaPackage could not assume the role.
    const condition = { StringEquals: { 'aws:SourceAccount': '111122223333' } };
    const isForHarvests = role.id.startsWith('ClipHarvestRole');
    assert.deepEqual(statement.Condition, isForHarvests ? condition : undefined, role.id);
  }
  assert.deepEqual(assumed.flatMap((role) => stack.roleGrants(role.id)).sort(), [
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

test('no policy has an action with *', () => {
  for (const stack of Object.values(synthesize(MADE))) {
    for (const role of stack.all('IAM::Role')) {
      for (const statement of stack.roleStatements(role.id)) {
        assert.ok(
          ![statement['Action']].flat().some((action: string) => action.includes('*')),
          role.id,
        );
      }
      assert.equal(role.Properties['ManagedPolicyArns'], undefined, role.id);
    }
  }
});

test('resources of MediaPackage and MediaLive depend on the policies of their roles', () => {
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

test('only the alarms of this account can publish to the topic', () => {
  const { PolicyDocument: policy } = vod().one('SNS::TopicPolicy').Properties;
  const allowed = policy.Statement.filter((it: { Effect: string }) => it.Effect === 'Allow');
  assert.equal(allowed.length, 1);
  assert.deepEqual(
    [allowed[0].Action, allowed[0].Principal],
    ['sns:Publish', { Service: 'cloudwatch.amazonaws.com' }],
  );
  assert.deepEqual(allowed[0].Condition, { StringEquals: { 'aws:SourceAccount': '111122223333' } });
});
