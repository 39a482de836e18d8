/** The clients of the deployment's own calls, and how their failures read. */

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { MediaLiveClient } from '@aws-sdk/client-medialive';
import { MediaPackageVodClient } from '@aws-sdk/client-mediapackage-vod';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

export type Aws = ReturnType<typeof connect>;

/** Where to reach AWS; what is left out is read from the environment and ~/.aws, as ever. */
export interface Connection {
  readonly region?: string;
  readonly endpoint?: string;
}

export function connect(connection: Connection = {}) {
  // What the SDK will need of Node next year is no concern of who deploys today.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return {
    cloudFormation: new CloudFormationClient(connection),
    cognito: new CognitoIdentityProviderClient(connection),
    dynamodb: new DynamoDBClient(connection),
    mediaLive: new MediaLiveClient(connection),
    vod: new MediaPackageVodClient({ ...connection, maxAttempts: 10 }),
    // Emulators have one host for all buckets.
    s3: new S3Client({
      ...connection,
      forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
    }),
    secrets: new SecretsManagerClient(connection),
    quotas: new ServiceQuotasClient(connection),
    ssm: new SSMClient(connection),
    // The list of regions and services is kept in a few regions only; this one has it.
    regions: new SSMClient({ ...connection, region: 'us-east-1' }),
    sts: new STSClient(connection),
  };
}

/** What kind of failure it is, as the service names it. */
export function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

/** Takes one kind of failure for an answer: there is no such thing. */
export async function orUndefined<T>(kind: string, asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (kindOf(error) === kind) return undefined;
    throw error;
  });
}

/** All items of a paged list. */
export async function paged<T>(
  page: (
    token: string | undefined,
  ) => Promise<{ items: readonly T[] | undefined; next: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    all.push(...(items ?? []));
    token = next;
  } while (token !== undefined && token !== '');
  return all;
}
