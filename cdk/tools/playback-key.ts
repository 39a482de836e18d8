/**
 * The keys of a private library: made once, kept in Secrets Manager.
 *
 * They are not part of a stack, because CloudFront has to be told the public half while the stack
 * is being made, and because a stack would show the private one in its template.
 */

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';

import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

import { orUndefined } from './aws.ts';

/** The settings that the app needs of the key. */
export interface PlaybackKey {
  readonly playbackKeySecretArn: string;
  readonly playbackPublicKey: string;
}

const RECOVERY_DAYS = 7;

const secretName = (name: string) => `${name}/playback-key`;

/** The key of a deployment, which is made if there is none. */
export async function ensurePlaybackKey(
  client: SecretsManagerClient,
  name: string,
): Promise<PlaybackKey> {
  const SecretId = secretName(name);
  const found = await orUndefined(
    'ResourceNotFoundException',
    client.send(new DescribeSecretCommand({ SecretId })),
  );
  if (found === undefined) return create(client, name);
  // A deployment that was removed, and now comes back.
  if (found.DeletedDate !== undefined) await client.send(new RestoreSecretCommand({ SecretId }));
  const { ARN: arn = '', SecretString: text = '' } = await client.send(
    new GetSecretValueCommand({ SecretId }),
  );
  const { privateKey } = JSON.parse(text) as { privateKey: string };
  return { playbackKeySecretArn: arn, playbackPublicKey: publicHalf(privateKey) };
}

/** Gives the key up. It can be had back for some days, which cost nothing. */
export async function removePlaybackKey(
  client: SecretsManagerClient,
  name: string,
): Promise<boolean> {
  const SecretId = secretName(name);
  const found = await orUndefined(
    'ResourceNotFoundException',
    client.send(new DescribeSecretCommand({ SecretId })),
  );
  if (found === undefined || found.DeletedDate !== undefined) return false;
  await client.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: RECOVERY_DAYS }));
  return true;
}

async function create(client: SecretsManagerClient, name: string): Promise<PlaybackKey> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sealKey = randomBytes(32).toString('hex');
  const { ARN: arn = '' } = await client.send(
    new CreateSecretCommand({
      Name: secretName(name),
      Description: 'Signs the cookies, and seals the paths, of a private library of clips',
      SecretString: JSON.stringify({ privateKey, sealKey }),
      Tags: [{ Key: 'service', Value: name }],
    }),
  );
  return { playbackKeySecretArn: arn, playbackPublicKey: publicHalf(privateKey) };
}

function publicHalf(privateKey: string): string {
  return createPublicKey(createPrivateKey(privateKey))
    .export({ type: 'spki', format: 'pem' })
    .toString()
    .trim();
}
