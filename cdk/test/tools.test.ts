import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';

import { SettingsError } from '../lib/settings/settings.ts';
import { readArguments, readDeploySettings, UsageError } from '../tools/arguments.ts';
import { keepsData } from '../tools/data.ts';
import { createPassword, ensureOperator } from '../tools/operator.ts';
import { ensurePlaybackKey, removePlaybackKey } from '../tools/playback-key.ts';
import { type Answer, fakeAws, Refusal } from './fake-aws.ts';

/** Secrets Manager with at most one secret. */
function secrets(): Record<string, Answer> {
  let kept: { ARN: string; SecretString: string; DeletedDate?: number } | undefined;
  const found = (use: (secret: NonNullable<typeof kept>) => unknown) => () => {
    return kept === undefined ? new Refusal('ResourceNotFoundException') : use(kept);
  };
  return {
    CreateSecret: ({ Name, SecretString }) => {
      kept = {
        ARN: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${Name}`,
        SecretString: String(SecretString),
      };
      return kept;
    },
    DescribeSecret: found(({ ARN, DeletedDate }) => ({ ARN, DeletedDate })),
    GetSecretValue: found((secret) =>
      secret.DeletedDate === undefined ? secret : new Refusal('InvalidRequestException'),
    ),
    DeleteSecret: found((secret) => {
      secret.DeletedDate = 1_795_237_847;
      return {};
    }),
    RestoreSecret: found((secret) => {
      delete secret.DeletedDate;
      return {};
    }),
  };
}

test('arguments are read as the app reads its settings, and wrong ones are refused', () => {
  const { context, operator } = readArguments([
    '-c',
    'region=eu-central-1',
    '-c',
    'encoders=203.0.113.7/32',
    '--operator',
    'ann@example.com',
    '--branding',
    'games/branding.json',
  ]);
  assert.deepEqual(context, {
    region: 'eu-central-1',
    encoders: '203.0.113.7/32',
    branding: 'games/branding.json',
  });
  assert.equal(operator, 'ann@example.com');
  assert.equal(readDeploySettings(context).region, 'eu-central-1');
  assert.equal(readArguments(['--pages-only']).pagesOnly, true);
  assert.equal(readArguments([]).pagesOnly, false);
  assert.throws(() => readArguments(['-c', 'region']), UsageError);
  assert.throws(() => readArguments(['--force']), UsageError);
  assert.throws(() => readDeploySettings({ ...context, startoverSeconds: '5' }), SettingsError);
});

test('the settings of a private library are valid without a key', () => {
  const settings = {
    region: 'eu-central-1',
    encoders: '203.0.113.7/32',
    domain: 'clips.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
    cookieDomain: 'example.com',
    allowedOrigins: 'https://app.example.com',
  };
  assert.equal(
    readDeploySettings({ ...settings, viewerAccess: 'private' }).viewerAccess,
    'private',
  );
});

test('the playback key is created once, and restored with its deployment', async () => {
  const { aws, calls } = await fakeAws(secrets());
  const made = await ensurePlaybackKey(aws.secrets, 'matchcut');
  assert.match(made.playbackKeySecretArn, /:secret:matchcut\/playback-key$/);
  assert.deepEqual(await ensurePlaybackKey(aws.secrets, 'matchcut'), made);
  assert.equal(await removePlaybackKey(aws.secrets, 'matchcut'), true);
  assert.equal(await removePlaybackKey(aws.secrets, 'matchcut'), false);
  assert.deepEqual(await ensurePlaybackKey(aws.secrets, 'matchcut'), made);
  assert.equal(calls.filter((call) => call === 'CreateSecret').length, 1);
});

test('the stored key has the form that the functions and CloudFront need', async () => {
  let kept = '';
  const { aws } = await fakeAws({
    DescribeSecret: () => new Refusal('ResourceNotFoundException'),
    CreateSecret: ({ SecretString }) => {
      kept = String(SecretString);
      return {
        ARN: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:matchcut/playback-key',
      };
    },
  });
  const { playbackPublicKey } = await ensurePlaybackKey(aws.secrets, 'matchcut');
  const { privateKey, sealKey } = JSON.parse(kept) as Record<string, string>;
  assert.match(sealKey ?? '', /^[0-9a-f]{64}$/);
  assert.match(privateKey ?? '', /^-----BEGIN PRIVATE KEY-----\n/);
  assert.equal(createPrivateKey(privateKey ?? '').asymmetricKeyDetails?.namedCurve, 'prime256v1');
  const spki = (pem: string) =>
    createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('hex');
  assert.equal(spki(playbackPublicKey), spki(privateKey ?? ''));
});

test('the first operator is created, even after an interrupted run', async () => {
  for (const create of [() => ({ User: {} }), () => new Refusal('UsernameExistsException')]) {
    const { aws, calls } = await fakeAws({
      ListUsersInGroup: () => ({ Users: [] }),
      AdminCreateUser: create,
      AdminSetUserPassword: ({ Permanent }) =>
        Permanent === true ? {} : new Refusal('InvalidParameterException'),
      AdminAddUserToGroup: ({ GroupName }) =>
        GroupName === 'operator' ? {} : new Refusal('ResourceNotFoundException'),
    });
    const { email, password } = await ensureOperator(
      aws.cognito,
      'eu-central-1_abc',
      'ann@example.com',
    );
    assert.equal(email, 'ann@example.com');
    assert.ok(password !== undefined && password.length >= 20);
    assert.equal(calls.at(-1), 'AdminAddUserToGroup');
  }
});

test('an existing operator is not changed', async () => {
  const { aws, calls } = await fakeAws({
    ListUsersInGroup: () => ({
      Users: [{ Username: '1f', Attributes: [{ Name: 'email', Value: 'bob@example.com' }] }],
    }),
  });
  assert.deepEqual(await ensureOperator(aws.cognito, 'eu-central-1_abc', 'ann@example.com'), {
    email: 'bob@example.com',
  });
  assert.deepEqual(calls, ['ListUsersInGroup']);
});

test('a password has every kind of character that the user pool requires', () => {
  for (const kind of [/[a-z]/, /[A-Z]/, /\d/, /[-_]/, /^.{28}$/])
    assert.match(createPassword(), kind);
  assert.notEqual(createPassword(), createPassword());
});

test('a stack that would delete its data is detected', async () => {
  const check = async (policies: readonly (string | undefined)[], expected: boolean) => {
    const resources = policies.map((policy, at) => {
      return [
        policy === 'Site' ? 'DeliverySiteBucket0A1B2C3D' : `R${at}`,
        { Type: 'AWS::S3::Bucket', ...(policy === undefined ? {} : { DeletionPolicy: policy }) },
      ];
    });
    const template = {
      Resources: { ...Object.fromEntries(resources), Queue: { Type: 'AWS::SQS::Queue' } },
    };
    const { aws } = await fakeAws({
      GetTemplate: () =>
        `<TemplateBody>${JSON.stringify(template).replaceAll('"', '&quot;')}</TemplateBody>`,
    });
    assert.equal(await keepsData(aws.cloudFormation, 'matchcut-vod'), expected);
  };
  await check([], true);
  await check(['Retain', 'RetainExceptOnCreate'], true);
  await check(['Retain', 'Delete'], false);
  await check(['Retain', undefined], false);
  // The files of the site can be built again.
  await check(['Retain', 'Site'], true);
});
