/**
 * The keys of a private library: created once, and kept in Secrets Manager.
 *
 * They are not part of a stack: CloudFront needs the public key while the stack is being created, and
 * the template of the stack would contain the private key.
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

import { ignoreError } from './aws.ts';

/** The settings of the key for the app. */
export interface PlaybackKey {
  readonly playbackKeySecretArn: string;
  readonly playbackPublicKey: string;
}

const RECOVERY_DAYS = 7;

const secretName = (name: string) => `${name}/playback-key`;

/** Returns the key of a deployment, and creates it if there is none. */
export async function ensurePlaybackKey(
  client: SecretsManagerClient,
  name: string,
): Promise<PlaybackKey> {
  const SecretId = secretName(name);
  const found = await ignoreError(
    'ResourceNotFoundException',
    client.send(new DescribeSecretCommand({ SecretId })),
  );
  if (found === undefined) return createKey(client, name);
  // The deployment was deleted, and is now deployed again.
  if (found.DeletedDate !== undefined) await client.send(new RestoreSecretCommand({ SecretId }));
  const { ARN: arn = '', SecretString: text = '' } = await client.send(
    new GetSecretValueCommand({ SecretId }),
  );
  const { privateKey } = JSON.parse(text) as { privateKey: string };
  return { playbackKeySecretArn: arn, playbackPublicKey: derivePublicKey(privateKey) };
}

/** Deletes the key. It can be restored for 7 days, at no cost. */
export async function removePlaybackKey(
  client: SecretsManagerClient,
  name: string,
): Promise<boolean> {
  const SecretId = secretName(name);
  const found = await ignoreError(
    'ResourceNotFoundException',
    client.send(new DescribeSecretCommand({ SecretId })),
  );
  if (found === undefined || found.DeletedDate !== undefined) return false;
  await client.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: RECOVERY_DAYS }));
  return true;
}

async function createKey(client: SecretsManagerClient, name: string): Promise<PlaybackKey> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sealKey = randomBytes(32).toString('hex');
  const { ARN: arn = '' } = await client.send(
    new CreateSecretCommand({
      Name: secretName(name),
      Description: 'Signs the cookies and seals the paths of a private library',
      SecretString: JSON.stringify({ privateKey, sealKey }),
      Tags: [{ Key: 'service', Value: name }],
    }),
  );
  return { playbackKeySecretArn: arn, playbackPublicKey: derivePublicKey(privateKey) };
}

function derivePublicKey(privateKey: string): string {
  return createPublicKey(createPrivateKey(privateKey))
    .export({ type: 'spki', format: 'pem' })
    .toString()
    .trim();
}
