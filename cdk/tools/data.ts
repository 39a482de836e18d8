/** The data of a deployment, which outlive its stacks: media, library, users. */

import { DeleteUserPoolCommand, UpdateUserPoolCommand } from '@aws-sdk/client-cognito-identity-provider';
import { DeleteTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteBucketCommand, DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { StackResourceSummary } from '@aws-sdk/client-cloudformation';

import { type Aws, orUndefined } from './aws.ts';
import { idsOf } from './stacks.ts';

export interface Data {
  readonly buckets: readonly string[];
  readonly tables: readonly string[];
  readonly userPools: readonly string[];
}

/** The data among what a stack made. */
export function dataOf(resources: readonly StackResourceSummary[]): Data {
  return {
    buckets: idsOf(resources, 'AWS::S3::Bucket'),
    tables: idsOf(resources, 'AWS::DynamoDB::Table'),
    userPools: idsOf(resources, 'AWS::Cognito::UserPool'),
  };
}

/** Empties a bucket, old versions and all. CloudFormation deletes empty ones only. */
export async function emptyBucket(s3: Aws['s3'], Bucket: string): Promise<void> {
  for (;;) {
    const page = await orUndefined('NoSuchBucket', s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1000 })));
    const objects = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])];
    if (objects.length === 0) return;
    const Objects = objects.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors: errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [first] = errors;
    if (first !== undefined) throw new Error(`${first.Key} of bucket ${Bucket} cannot be deleted: ${first.Message}`);
  }
}

/** Deletes what the stacks left behind. What is gone already is fine. */
export async function deleteData(aws: Aws, data: Data): Promise<void> {
  for (const Bucket of data.buckets) {
    await emptyBucket(aws.s3, Bucket);
    await orUndefined('NoSuchBucket', aws.s3.send(new DeleteBucketCommand({ Bucket })));
  }
  for (const TableName of data.tables) {
    const unlocked = aws.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    // Refused where it was not protected in the first place.
    await orUndefined('ValidationException', orUndefined('ResourceNotFoundException', unlocked));
    await orUndefined('ResourceNotFoundException', aws.dynamodb.send(new DeleteTableCommand({ TableName })));
  }
  for (const UserPoolId of data.userPools) {
    const unlocked = aws.cognito.send(new UpdateUserPoolCommand({ UserPoolId, DeletionProtection: 'INACTIVE' }));
    await orUndefined('ResourceNotFoundException', unlocked);
    await orUndefined('ResourceNotFoundException', aws.cognito.send(new DeleteUserPoolCommand({ UserPoolId })));
  }
}
