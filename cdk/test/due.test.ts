import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vod } from './synthesis.ts';

const queues = () => {
  const source = vod().source('harvest-clip');
  const id = source['EventSourceArn']['Fn::GetAtt'][0] as string;
  return { source, id, queue: vod().template.Resources[id]?.Properties ?? {} };
};

test('harvest-clip gets ten due messages at a time, and runs at most twice at once', () => {
  const { source, queue } = queues();
  assert.equal(source['BatchSize'], 10);
  assert.deepEqual(source['FunctionResponseTypes'], ['ReportBatchItemFailures']);
  assert.deepEqual(source['ScalingConfig'], { MaximumConcurrency: 2 });
  const { Timeout: longest } = vod().function('harvest-clip').Properties;
  assert.equal(
    queue['VisibilityTimeout'],
    longest + 10,
    'a failed message must return soon, but never while its function runs',
  );
  assert.equal((queue['RedrivePolicy'] as any).maxReceiveCount, 5);
  assert.equal(
    queue['FifoQueue'],
    undefined,
    'a delayed message must not block the messages behind it',
  );
});

test('all functions that send or postpone due messages use the same queue', () => {
  for (const bin of [
    'create-clip',
    'harvest-clip',
    'harvest-complete',
    'retry-clip',
    'sweep-library',
  ]) {
    const { DUE_QUEUE_URL: url } = vod().function(bin).Properties['Environment'].Variables;
    assert.deepEqual(url, { Ref: queues().id }, bin);
  }
});

test('harvest-clip has the same live origin as create-clip', () => {
  const variables = (bin: string) => vod().function(bin).Properties['Environment'].Variables;
  for (const name of ['CHANNELS', 'CLIPS_BUCKET', 'CLIPS_TABLE', 'HARVEST_ROLE_ARN']) {
    assert.deepEqual(variables('harvest-clip')[name], variables('create-clip')[name], name);
  }
});

test('no function sends messages to the queue that starts it, so Lambda may stop loops', () => {
  for (const bin of vod().bins()) {
    const { Properties } = vod().function(bin);
    assert.equal(Properties['RecursiveLoop'], undefined, `${bin}: Terminate is the default`);
  }
  const grants = vod().listGrants('harvest-clip');
  assert.deepEqual(
    grants.filter((it) => it.startsWith('sqs:SendMessage')),
    [],
  );
  assert.ok(grants.includes('sqs:ChangeMessageVisibility <ClipDueClips>'), 'it postpones messages');
});
