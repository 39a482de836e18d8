/** The AWS clients of the tools, and helpers for their errors and pages. */

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { MediaLiveClient } from '@aws-sdk/client-medialive';
import { MediaPackageClient } from '@aws-sdk/client-mediapackage';
import { MediaPackageVodClient } from '@aws-sdk/client-mediapackage-vod';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

export type Aws = ReturnType<typeof connect>;

/** Where to reach AWS. The default is the SDK's: the environment and ~/.aws. */
export interface Connection {
  readonly region?: string;
  readonly endpoint?: string;
}

export function connect(connection: Connection = {}) {
  // The SDK's warning about future Node.js versions does not concern a deployment.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return {
    cloudFormation: new CloudFormationClient(connection),
    // The firewall of CloudFront is in us-east-1.
    firewall: new CloudFormationClient({ ...connection, region: 'us-east-1' }),
    cognito: new CognitoIdentityProviderClient(connection),
    dynamodb: new DynamoDBClient(connection),
    live: new MediaPackageClient({ ...connection, maxAttempts: 10 }),
    mediaLive: new MediaLiveClient(connection),
    vod: new MediaPackageVodClient({ ...connection, maxAttempts: 10 }),
    // Emulators use one host for all buckets.
    s3: new S3Client({
      ...connection,
      forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
    }),
    secrets: new SecretsManagerClient(connection),
    quotas: new ServiceQuotasClient(connection),
    ssm: new SSMClient(connection),
    // Only some regions have the list of regions and services. us-east-1 does.
    regions: new SSMClient({ ...connection, region: 'us-east-1' }),
    sts: new STSClient(connection),
  };
}

/** The service's name of an error. */
export function readErrorName(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

/** Returns `undefined` instead of one kind of error, such as not found. */
export async function ignoreError<T>(name: string, call: Promise<T>): Promise<T | undefined> {
  return call.catch((error: unknown) => {
    if (readErrorName(error) === name) return undefined;
    throw error;
  });
}

/** Lists all items of a paged list. */
export async function listPages<T>(
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
