/** The data of a deployment, which outlive its stacks: media, library, users. */

import { GetTemplateCommand, type StackResourceSummary } from '@aws-sdk/client-cloudformation';
import {
  DeleteUserPoolCommand,
  UpdateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { DeleteTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';

import { type Aws, orUndefined } from './aws.ts';
import { idsOf } from './stacks.ts';

const BUCKET = 'AWS::S3::Bucket';
const TABLE = 'AWS::DynamoDB::Table';
const USER_POOL = 'AWS::Cognito::UserPool';
const DATA = [BUCKET, TABLE, USER_POOL];

export interface Data {
  readonly buckets: readonly string[];
  readonly tables: readonly string[];
  readonly userPools: readonly string[];
}

/** The data among what a stack made. */
export function dataOf(resources: readonly StackResourceSummary[]): Data {
  return {
    buckets: idsOf(resources, BUCKET),
    tables: idsOf(resources, TABLE),
    userPools: idsOf(resources, USER_POOL),
  };
}

/** Whether a stack leaves its data behind when it goes: what the setting keepData said. */
export async function keepsData(client: Aws['cloudFormation'], stack: string): Promise<boolean> {
  const { TemplateBody: template = '{}' } = await client.send(
    new GetTemplateCommand({ StackName: stack }),
  );
  const { Resources: resources = {} } = JSON.parse(template) as {
    Resources?: Record<string, { Type: string; DeletionPolicy?: string }>;
  };
  const data = Object.values(resources).filter(({ Type: type }) => DATA.includes(type));
  return data.every(({ DeletionPolicy: policy = 'Delete' }) => policy.startsWith('Retain'));
}

/** Empties a bucket, old versions and all. CloudFormation deletes empty ones only. */
export async function emptyBucket(s3: Aws['s3'], Bucket: string): Promise<void> {
  for (;;) {
    const page = await orUndefined(
      'NoSuchBucket',
      s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1000 })),
    );
    const objects = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])];
    if (objects.length === 0) return;
    const Objects = objects.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors: errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = errors;
    if (first !== undefined)
      throw new Error(`${first.Key} of bucket ${Bucket} cannot be deleted: ${first.Message}`);
  }
}

/** Deletes what the stacks left behind. What is gone already is fine. */
export async function deleteData(aws: Aws, data: Data): Promise<void> {
  for (const Bucket of data.buckets) {
    await emptyBucket(aws.s3, Bucket);
    await orUndefined('NoSuchBucket', aws.s3.send(new DeleteBucketCommand({ Bucket })));
  }
  for (const TableName of data.tables) {
    const unlocked = aws.dynamodb.send(
      new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }),
    );
    // Refused where it was not protected in the first place.
    await orUndefined('ValidationException', orUndefined('ResourceNotFoundException', unlocked));
    await orUndefined(
      'ResourceNotFoundException',
      aws.dynamodb.send(new DeleteTableCommand({ TableName })),
    );
  }
  for (const UserPoolId of data.userPools) {
    const unlocked = aws.cognito.send(
      new UpdateUserPoolCommand({ UserPoolId, DeletionProtection: 'INACTIVE' }),
    );
    await orUndefined('ResourceNotFoundException', unlocked);
    await orUndefined(
      'ResourceNotFoundException',
      aws.cognito.send(new DeleteUserPoolCommand({ UserPoolId })),
    );
  }
}
