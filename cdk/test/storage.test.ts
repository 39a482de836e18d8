import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SITE_BUCKET } from '../tools/data.ts';
import { EXISTING, type Properties, vod } from './synthesis.ts';

test('the table has the keys and indexes that the functions expect', () => {
  const { Properties: table } = vod().one('DynamoDB::Table');
  const keys = (schema: Properties[]) => schema.map((it) => it['AttributeName']);
  assert.deepEqual(keys(table['KeySchema']), ['competition', 'clip']);
  const indexes = table['GlobalSecondaryIndexes'].map((it: Properties) => [
    it['IndexName'],
    ...keys(it['KeySchema']),
  ]);
  assert.deepEqual(indexes, [
    ['unfinished', 'unfinished', 'nextCheckAt'],
    ['waiting', 'waiting', 'queuedAt'],
    ['changes', 'competition', 'changedAt'],
    ['listed', 'activeCompetition', 'clip'],
  ]);
  assert.deepEqual(table['StreamSpecification'], { StreamViewType: 'NEW_AND_OLD_IMAGES' });
  assert.equal(table['BillingMode'], 'PAY_PER_REQUEST');
  assert.equal(table['PointInTimeRecoverySpecification'].PointInTimeRecoveryEnabled, true);
  assert.deepEqual(table['TimeToLiveSpecification'], {
    AttributeName: 'expiresAtSeconds',
    Enabled: true,
  });
});

test('the index of the harvest queue has only keys', () => {
  const indexes = vod().one('DynamoDB::Table').Properties['GlobalSecondaryIndexes'] as Properties[];
  const waiting = indexes.find((it) => it['IndexName'] === 'waiting');
  assert.deepEqual(waiting?.['Projection'], { ProjectionType: 'KEYS_ONLY' });
});

test('the index of viewers has what a list shows, and no whole rows', () => {
  const indexes = vod().one('DynamoDB::Table').Properties['GlobalSecondaryIndexes'] as Properties[];
  const listed = indexes.find((it) => it['IndexName'] === 'listed');
  assert.deepEqual(listed?.['Projection'], {
    ProjectionType: 'INCLUDE',
    NonKeyAttributes: ['listedAs', 'tags'],
  });
});

test('the steps of an update from 0.1.0 change one index each', () => {
  const names = (settings: object) => {
    const table = vod({ ...EXISTING, ...settings }).one('DynamoDB::Table').Properties;
    return (table['GlobalSecondaryIndexes'] as Properties[]).map((it) => String(it['IndexName']));
  };
  const steps = [
    ['active', 'unfinished', 'waiting'],
    names({ tableIndexes: 'active,unfinished,waiting,listed' }),
    names({ tableIndexes: 'active,unfinished,waiting,listed,changes' }),
    names({}),
  ];
  steps.slice(1).forEach((step, at) => {
    const before = steps[at] ?? [];
    const added = step.filter((it) => !before.includes(it));
    const removed = before.filter((it) => !step.includes(it));
    assert.equal(added.length + removed.length, 1);
  });
});

test('data is kept when the stack is deleted, unless keepData is false', () => {
  const kept = (settings: object) => {
    const stack = vod({ ...EXISTING, ...settings });
    return ['DynamoDB::Table', 'S3::Bucket', 'Cognito::UserPool']
      .flatMap((type) => stack.all(type))
      .filter(({ id }) => !SITE_BUCKET.test(id))
      .map((it) => it['DeletionPolicy']);
  };
  assert.deepEqual(kept({}), ['Retain', 'Retain', 'Retain', 'Retain']);
  assert.deepEqual(kept({ keepData: false }), ['Delete', 'Delete', 'Delete', 'Delete']);
  assert.equal(vod().one('DynamoDB::Table').Properties['DeletionProtectionEnabled'], true);
});

test('the files of the site are not kept, because they can be built again', () => {
  const buckets = vod()
    .all('S3::Bucket')
    .filter(({ id }) => SITE_BUCKET.test(id));
  assert.deepEqual(
    buckets.map((it) => it['DeletionPolicy']),
    ['Delete'],
  );
});

test('buckets are private, encrypted, and require TLS', () => {
  const stack = vod();
  for (const { Properties: bucket, id } of stack.all('S3::Bucket')) {
    assert.deepEqual(
      new Set(Object.values(bucket['PublicAccessBlockConfiguration'])),
      new Set([true]),
    );
    assert.equal(
      bucket['BucketEncryption'].ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault
        .SSEAlgorithm,
      'AES256',
    );
    const denied = stack
      .all('S3::BucketPolicy')
      .filter((it) => it.Properties['Bucket'].Ref === id)
      .flatMap((it) => it.Properties['PolicyDocument'].Statement as Properties[])
      .filter((it) => it['Effect'] === 'Deny');
    assert.deepEqual(denied.map((it) => Object.keys(it['Condition'])[0]).sort(), [
      'Bool',
      'NumericLessThan',
    ]);
  }
});

test('incomplete uploads are deleted, old media moves to cold storage, and no media expires', () => {
  const rules = (settings: object) => {
    const media = vod({ ...EXISTING, ...settings })
      .all('S3::Bucket')
      .find((it) => it.id.startsWith('ClipBucket'));
    return media?.Properties['LifecycleConfiguration'].Rules as Properties[];
  };
  assert.deepEqual(
    rules({}).map((it) => it['AbortIncompleteMultipartUpload']?.DaysAfterInitiation),
    [2],
  );
  const [, cold] = rules({ coldAfterDays: 90 });
  // This class is read in milliseconds, because a listed clip must play.
  assert.deepEqual(cold?.['Transitions'], [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }]);
  for (const rule of rules({ coldAfterDays: 90, originalsExpireAfterDays: 30 }))
    assert.equal(rule['ExpirationInDays'], undefined);
});

test('queues are encrypted and require TLS', () => {
  const stack = vod();
  for (const queue of stack.all('SQS::Queue')) {
    assert.equal(queue.Properties['SqsManagedSseEnabled'], true);
    const policies = stack
      .all('SQS::QueuePolicy')
      .filter((it) => it.Properties['Queues'][0].Ref === queue.id);
    const denied = policies
      .flatMap((it) => it.Properties['PolicyDocument'].Statement as Properties[])
      .filter((it) => it['Effect'] === 'Deny');
    assert.deepEqual(
      denied.map((it) => it['Condition']),
      [{ Bool: { 'aws:SecureTransport': 'false' } }],
    );
  }
});
