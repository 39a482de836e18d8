/** The data that outlive a deployment's stacks: buckets, table and user pool. */

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

import { type Aws, ignoreError } from './aws.ts';
import { listIds } from './stacks.ts';

const BUCKET = 'AWS::S3::Bucket';
const TABLE = 'AWS::DynamoDB::Table';
const USER_POOL = 'AWS::Cognito::UserPool';
const DATA = [BUCKET, TABLE, USER_POOL];

/** The logical id of the bucket with the files of the site. They can be built again, so they are no data. */
export const SITE_BUCKET = /^DeliverySiteBucket/;

export interface Data {
  readonly buckets: readonly string[];
  readonly tables: readonly string[];
  readonly userPools: readonly string[];
}

/** Finds the data among the resources of a stack. */
export function findData(resources: readonly StackResourceSummary[]): Data {
  return {
    buckets: listIds(
      resources.filter((it) => !isSite(it.LogicalResourceId)),
      BUCKET,
    ),
    tables: listIds(resources, TABLE),
    userPools: listIds(resources, USER_POOL),
  };
}

/** Finds the bucket of the site among the resources of a stack. */
export function findSiteBuckets(resources: readonly StackResourceSummary[]): string[] {
  return listIds(
    resources.filter((it) => isSite(it.LogicalResourceId)),
    BUCKET,
  );
}

function isSite(logicalId = ''): boolean {
  return SITE_BUCKET.test(logicalId);
}

/** Whether CloudFormation keeps the data when it deletes the stack, as the setting `keepData` says. */
export async function keepsData(client: Aws['cloudFormation'], stack: string): Promise<boolean> {
  const { TemplateBody: template = '{}' } = await client.send(
    new GetTemplateCommand({ StackName: stack }),
  );
  const { Resources: resources = {} } = JSON.parse(template) as {
    Resources?: Record<string, { Type: string; DeletionPolicy?: string }>;
  };
  const data = Object.entries(resources).filter(
    ([id, { Type: type }]) => DATA.includes(type) && !isSite(id),
  );
  return data.every(([, { DeletionPolicy: policy = 'Delete' }]) => policy.startsWith('Retain'));
}

/** Deletes all objects and versions in a bucket. CloudFormation deletes only empty buckets. */
export async function emptyBucket(s3: Aws['s3'], Bucket: string): Promise<void> {
  for (;;) {
    const page = await ignoreError(
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
      throw new Error(`Could not delete ${first.Key} in bucket ${Bucket}: ${first.Message}`);
  }
}

/** Deletes the data that the stacks left behind. Ignores resources that do not exist. */
export async function deleteData(aws: Aws, data: Data): Promise<void> {
  for (const Bucket of data.buckets) {
    await emptyBucket(aws.s3, Bucket);
    await ignoreError('NoSuchBucket', aws.s3.send(new DeleteBucketCommand({ Bucket })));
  }
  for (const TableName of data.tables) {
    const unlocked = aws.dynamodb.send(
      new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }),
    );
    // DynamoDB refuses the update if the table was not protected.
    await ignoreError('ValidationException', ignoreError('ResourceNotFoundException', unlocked));
    await ignoreError(
      'ResourceNotFoundException',
      aws.dynamodb.send(new DeleteTableCommand({ TableName })),
    );
  }
  for (const UserPoolId of data.userPools) {
    const unlocked = aws.cognito.send(
      new UpdateUserPoolCommand({ UserPoolId, DeletionProtection: 'INACTIVE' }),
    );
    await ignoreError('ResourceNotFoundException', unlocked);
    await ignoreError(
      'ResourceNotFoundException',
      aws.cognito.send(new DeleteUserPoolCommand({ UserPoolId })),
    );
  }
}
