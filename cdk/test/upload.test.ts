import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, type Properties, type Stack, vod } from './synthesis.ts';

const uploads = (settings: object = {}): Stack => vod({ ...EXISTING, ...settings });

const originals = (stack = uploads()) => {
  const found = stack
    .all('S3::Bucket')
    .find((it) => it.Properties['NotificationConfiguration'] !== undefined);
  assert.ok(found);
  return found;
};

test('a browser can upload parts and read their ETags', () => {
  const { Properties: bucket } = originals();
  assert.deepEqual(bucket['NotificationConfiguration'], {
    EventBridgeConfiguration: { EventBridgeEnabled: true },
  });
  const [cors] = bucket['CorsConfiguration'].CorsRules;
  assert.deepEqual([cors.AllowedMethods, cors.ExposedHeaders], [['PUT'], ['ETag']]);
  assert.equal(
    bucket['LifecycleConfiguration'].Rules[0].AbortIncompleteMultipartUpload.DaysAfterInitiation,
    2,
  );
});

test('originals expire only if the setting says so, and media never', () => {
  const days = (bucket: Properties) =>
    (bucket['LifecycleConfiguration'].Rules as Properties[])
      .map((it) => it['ExpirationInDays'])
      .filter(Boolean);
  const stack = uploads({ originalsExpireAfterDays: 30 });
  assert.deepEqual(days(originals(stack).Properties), [30]);
  assert.deepEqual(
    stack.all('S3::Bucket').flatMap((it) => days(it.Properties)),
    [30],
  );
});

test('an original that cannot be probed holds up no other', () => {
  const stack = uploads();
  const rule = stack
    .all('Events::Rule')
    .find((it) => it.Properties['EventPattern']?.source[0] === 'aws.s3');
  assert.deepEqual(rule?.Properties['EventPattern']['detail-type'], ['Object Created']);
  assert.equal(rule?.Properties['EventPattern'].detail.bucket.name[0].Ref, originals().id);
  const [target] = rule?.Properties['Targets'] ?? [];
  assert.equal(target.SqsParameters, undefined);
  const queue = stack.template.Resources[target.Arn['Fn::GetAtt'][0]]?.Properties ?? {};
  assert.equal(queue['FifoQueue'], undefined);
  assert.equal((queue['RedrivePolicy'] as any).maxReceiveCount, 10);
  const source = stack.source('transcode-upload');
  assert.deepEqual([source['BatchSize'], source['ScalingConfig'].MaximumConcurrency], [1, 10]);
  const { Timeout: longest } = stack.function('transcode-upload').Properties;
  assert.equal(
    queue['VisibilityTimeout'],
    longest + 10,
    'a failed message is delivered again after this time',
  );
});

test('the end of a transcoding job starts transcode-complete', () => {
  const rule = uploads()
    .all('Events::Rule')
    .find((it) => it.Properties['EventPattern']?.source[0] === 'aws.mediaconvert');
  assert.equal(rule?.Properties['Description'], 'Starts transcode-complete');
  assert.deepEqual(rule?.Properties['EventPattern'].detail.status, [
    'COMPLETE',
    'ERROR',
    'CANCELED',
    'STATUS_UPDATE',
  ]);
});

test('the role of MediaConvert is for this account', () => {
  const role = uploads()
    .all('IAM::Role')
    .find((it) => it.id.startsWith('UploadTranscodeRole'));
  const [statement] = role?.Properties['AssumeRolePolicyDocument'].Statement ?? [];
  assert.equal(statement.Principal.Service, 'mediaconvert.amazonaws.com');
  assert.deepEqual(statement.Condition, { StringEquals: { 'aws:SourceAccount': '111122223333' } });
});
