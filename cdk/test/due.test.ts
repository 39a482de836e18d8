import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vod } from './synthesis.ts';

const queues = () => {
  const source = vod().source('harvest-clip');
  const id = source['EventSourceArn']['Fn::GetAtt'][0] as string;
  return { source, id, queue: vod().template.Resources[id]?.Properties ?? {} };
};

test('clips that are due are started one by one, two at a time', () => {
  const { source, queue } = queues();
  assert.equal(source['BatchSize'], 1);
  assert.deepEqual(source['ScalingConfig'], { MaximumConcurrency: 2 });
  const { Timeout: longest } = vod().function('harvest-clip').Properties;
  assert.equal(
    queue['VisibilityTimeout'],
    longest + 10,
    'one that failed comes again soon, and never while it is at work',
  );
  assert.equal((queue['RedrivePolicy'] as any).maxReceiveCount, 5);
  assert.equal(
    queue['FifoQueue'],
    undefined,
    'a clip that is told to wait would hold up those behind it',
  );
});

test('whoever has a clip started later, and whoever starts it, means the same queue', () => {
  for (const bin of ['create-clip', 'harvest-clip', 'harvest-complete', 'retry-clip']) {
    const { DUE_QUEUE_URL: url } = vod().function(bin).Properties['Environment'].Variables;
    assert.deepEqual(url, { Ref: queues().id }, bin);
  }
});

test('harvest-clip knows what create-clip knows of the live origin', () => {
  const of = (bin: string) => vod().function(bin).Properties['Environment'].Variables;
  for (const name of ['CHANNELS', 'CLIPS_BUCKET', 'CLIPS_TABLE', 'HARVEST_ROLE_ARN']) {
    assert.deepEqual(of('harvest-clip')[name], of('create-clip')[name], name);
  }
});
