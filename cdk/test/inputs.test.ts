import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readSettings } from '../lib/settings/read-settings.ts';
import { MADE, type Properties, type Stack, synthesize } from './synthesis.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:srt-AbCdEf';
const FLOW =
  'arn:aws:mediaconnect:eu-central-1:111122223333:flow:1-23aBC45dEF67hiJ8-12AbC34DE5fG:main';
/** Settings without an encoder that pushes. */
const { encoders: _, ...PULLED } = MADE;

const SOURCES: Readonly<Record<string, string>> = {
  SRT_CALLER: '203.0.113.7:5000',
  MEDIACONNECT: FLOW,
  URL_PULL: 'https://origin.example.com/live/index.m3u8',
  MP4_FILE: 's3ssl://our-files/events/loop.mp4',
};

function live(input: Properties, settings: Record<string, unknown> = PULLED): Stack {
  const channels = [{ id: 'main', competition: 'demo', input }];
  const stack = synthesize({ ...settings, channels })['Live'];
  assert.ok(stack);
  return stack;
}

/** The input's properties, except its name and its tags. */
function describe(stack: Stack): Properties {
  const { Name: __, Tags: ___, ...rest } = stack.one('MediaLive::Input').Properties;
  return rest;
}

const readInputSettings = (stack: Stack): Properties =>
  stack.one('MediaLive::Channel').Properties['InputAttachments'][0].InputSettings;

const encoderGrants = (stack: Stack): string[] => {
  const role = stack.one('MediaLive::Channel').Properties['RoleArn']['Fn::GetAtt'][0];
  return stack.roleGrants(role).filter((it) => !/^(logs|mediapackage):/.test(it));
};

function check(input: Properties, sentence: RegExp, settings: Record<string, unknown> = PULLED) {
  const channels = [{ id: 'main', competition: 'demo', input }];
  assert.throws(() => readSettings({ ...settings, channels }), { message: sentence });
}

test('an SRT listener takes an encrypted stream from the addresses of encoders', () => {
  const input = { type: 'SRT_LISTENER', passphraseSecretArn: SECRET, algorithm: 'AES256' };
  const stack = live(input, MADE);
  assert.deepEqual(describe(stack), {
    Type: 'SRT_LISTENER',
    InputSecurityGroups: [{ Ref: stack.one('MediaLive::InputSecurityGroup').id }],
    SrtSettings: {
      SrtListenerSettings: {
        MinimumLatency: 2000,
        Decryption: { Algorithm: 'AES256', PassphraseSecretArn: SECRET },
      },
    },
  });
  assert.deepEqual(encoderGrants(stack), [`secretsmanager:GetSecretValue ${SECRET}`]);
  assert.ok('IngestUrls' in (stack.template['Outputs'] as object));
});

test('an SRT caller connects to the address of a listener, encrypted or not', () => {
  const plain = live({ type: 'SRT_CALLER', sources: ['203.0.113.7:5000'], minimumLatency: 500 });
  const source = { SrtListenerAddress: '203.0.113.7', SrtListenerPort: '5000' };
  assert.deepEqual(describe(plain), {
    Type: 'SRT_CALLER',
    SrtSettings: { SrtCallerSources: [{ ...source, MinimumLatency: 500 }] },
  });
  assert.deepEqual(encoderGrants(plain), []);

  const both = ['203.0.113.7:5000', '198.51.100.7:5001'];
  const encrypted = live(
    { type: 'SRT_CALLER', sources: both, streamId: 'main', passphraseSecretArn: SECRET },
    { ...PULLED, redundant: true },
  );
  const connection = {
    MinimumLatency: 2000,
    StreamId: 'main',
    Decryption: { Algorithm: 'AES128', PassphraseSecretArn: SECRET },
  };
  assert.deepEqual(describe(encrypted)['SrtSettings'].SrtCallerSources, [
    { ...source, ...connection },
    { SrtListenerAddress: '198.51.100.7', SrtListenerPort: '5001', ...connection },
  ]);
  assert.deepEqual(encoderGrants(encrypted), [`secretsmanager:GetSecretValue ${SECRET}`]);
});

test('MediaLive adds its output to a MediaConnect flow with a role of the input', () => {
  const stack = live({ type: 'MEDIACONNECT', sources: [FLOW] });
  const { RoleArn: arn, ...input } = describe(stack);
  assert.deepEqual(input, { Type: 'MEDIACONNECT', MediaConnectFlows: [{ FlowArn: FLOW }] });
  assert.deepEqual(stack.roleGrants(arn['Fn::GetAtt'][0]), [
    'mediaconnect:ManagedAddOutput *',
    'mediaconnect:ManagedDescribeFlow *',
    'mediaconnect:ManagedRemoveOutput *',
  ]);
  // The role must be complete when the input is created, and until it is deleted.
  const policies = stack.all('IAM::Policy').filter((it) => it.id.includes('FlowRole'));
  const { DependsOn: dependsOn } = stack.one('MediaLive::Input');
  assert.equal(policies.length, 1);
  assert.ok((dependsOn as string[]).includes(String(policies[0]?.id)));
});

test('HLS is read as a live stream, and a file in S3 is repeated', () => {
  const hls = live({ type: 'URL_PULL', sources: [SOURCES['URL_PULL']] });
  assert.deepEqual(describe(hls), {
    Type: 'URL_PULL',
    Sources: [{ Url: 'https://origin.example.com/live/index.m3u8' }],
  });
  assert.deepEqual(readInputSettings(hls), {
    SourceEndBehavior: 'CONTINUE',
    NetworkInputSettings: {
      ServerValidation: 'CHECK_CRYPTOGRAPHY_AND_VALIDATE_NAME',
      HlsInputSettings: { BufferSegments: 3 },
    },
  });
  const file = live({ type: 'MP4_FILE', sources: [SOURCES['MP4_FILE']] });
  assert.deepEqual(describe(file)['Sources'], [{ Url: 's3ssl://our-files/events/loop.mp4' }]);
  assert.equal(readInputSettings(file)['SourceEndBehavior'], 'LOOP');
  assert.deepEqual(encoderGrants(file), [
    's3:GetObject arn:<AWS::Partition>:s3:::our-files/events/loop.mp4',
    's3:ListBucket arn:<AWS::Partition>:s3:::our-files',
  ]);
});

test('without a pushed input, the stack has no security group and no URL for an encoder', () => {
  for (const [type, source] of Object.entries(SOURCES)) {
    const stack = live({ type, sources: [source] });
    assert.deepEqual(stack.all('MediaLive::InputSecurityGroup'), [], type);
    assert.deepEqual(Object.keys(stack.template['Outputs'] as object).filter(isUrl), [], type);
  }
  const channels = [
    { id: 'main', competition: 'demo' },
    {
      id: 'loop',
      competition: 'demo',
      input: { type: 'MP4_FILE', sources: [SOURCES['MP4_FILE']] },
    },
  ];
  const stack = synthesize({ ...MADE, channels })['Live'];
  const outputs = stack?.template['Outputs'] as Record<string, Properties>;
  assert.match(JSON.stringify(outputs['IngestUrls']), /main=/);
  assert.doesNotMatch(JSON.stringify(outputs['IngestUrls']), /loop=/);
});

const isUrl = (name: string) => name === 'IngestUrls';

test('a passphrase is in no template', () => {
  const stack = live({ type: 'SRT_LISTENER', passphraseSecretArn: SECRET }, MADE);
  assert.doesNotMatch(JSON.stringify(stack.template), /resolve:secretsmanager:[^}]*srt-AbCdEf/);
  check(
    { type: 'SRT_LISTENER', passphrase: 'not here, please' },
    /Unknown setting channels\[0\]\.input\.passphrase\. Known settings: .*passphraseSecretArn/,
    MADE,
  );
});

test('a wrong input is refused with its field and the remedy', () => {
  const field = String.raw`^Setting channels\[0\]\.input\.`;
  check(
    { type: 'UDP_PUSH' },
    new RegExp(`${field}type is UDP_PUSH\\. It must be RTMP_PUSH or`),
    MADE,
  );
  for (const [type, wrong] of [
    ['SRT_CALLER', 'srt://203.0.113.7:5000'],
    ['MEDIACONNECT', 'my-flow'],
    ['URL_PULL', 'https://me:word@example.com/live.m3u8'],
    ['MP4_FILE', 's3ssl://our.files/loop.mp4'],
    ['MP4_FILE', 's3ssl://our-files/*.mp4'],
  ])
    check({ type, sources: [wrong] }, new RegExp(`${field}sources is .*\\. It must be `));
  check(
    { type: 'SRT_LISTENER' },
    new RegExp(`${field}passphraseSecretArn is missing\\. It must be the ARN of a secret`),
    MADE,
  );
  check(
    { type: 'SRT_CALLER', sources: ['203.0.113.7:5000'], minimumLatency: 20 },
    new RegExp(`${field}minimumLatency is 20\\. It must be a whole number from 120 to 15000`),
  );
  check(
    { type: 'SRT_CALLER', sources: ['203.0.113.7:5000'], algorithm: 'AES256' },
    /Unknown setting channels\[0\]\.input\.algorithm\. Known settings: .*passphraseSecretArn/,
  );
  check(
    { type: 'RTMP_PUSH', sources: ['rtmp://example.com/a/b'] },
    /Unknown setting channels\[0\]\.input\.sources/,
    MADE,
  );
});

test('the settings of a channel can be written back, as make deploy does', () => {
  const inputs = [
    { type: 'RTP_PUSH' },
    { type: 'SRT_LISTENER', passphraseSecretArn: SECRET, algorithm: 'AES192', streamId: 'main' },
    ...Object.entries(SOURCES).map(([type, source]) => ({ type, sources: [source] })),
  ];
  const channels = inputs.map((input, at) => ({
    id: `c${at}`,
    competition: 'demo',
    input,
    audio: [{ name: 'English', language: 'eng', selector: { track: 1 } }],
    captions: {},
  }));
  const read = readSettings({ ...MADE, channels }).channels;
  assert.deepEqual(readSettings({ ...MADE, channels: JSON.stringify(read) }).channels, read);
});

test('an input must fit its channel', () => {
  const one = SOURCES['URL_PULL'];
  check(
    { type: 'URL_PULL' },
    /^Setting channels\[0\]\.input\.sources has 0 sources\. It must have one/,
  );
  check({ type: 'URL_PULL', sources: [one, one] }, /has 2 sources\. .*Set redundant to true/);
  check(
    { type: 'URL_PULL', sources: [one] },
    /has 1 sources\. A redundant channel needs two, one for each pipeline/,
    { ...PULLED, redundant: true },
  );
  check(
    { type: 'SRT_LISTENER', passphraseSecretArn: SECRET },
    /SRT_LISTENER, but CloudFormation .* Use SRT_CALLER, or set redundant to false/,
    { ...MADE, redundant: true },
  );
  check({ type: 'RTP_PUSH' }, /^Setting encoders is missing/);
  const originEndpoint = {
    id: 'main-hls',
    manifest: 'https://abc.mediapackage.eu-central-1.amazonaws.com/out/v1/a/index.m3u8',
  };
  const channels = [
    { id: 'main', competition: 'demo', originEndpoint, input: { type: 'RTMP_PUSH' } },
  ];
  assert.throws(() => readSettings({ ...MADE, channels }), {
    message: /^Setting channels\[0\]\.input does not go with originEndpoint.* Remove one of them/,
  });
});
