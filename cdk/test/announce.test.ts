import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, type Properties, type Stack, vod, WEBHOOK } from './synthesis.ts';

const HOOKED = {
  ...EXISTING,
  webhooks: [WEBHOOK, { ...WEBHOOK, name: 'another', url: 'https://another.example.com/' }],
};

test('every change of a clip starts announce-clip, with the old and the new row', () => {
  const source = vod().source('announce-clip');
  assert.equal(vod().at(source['EventSourceArn']).Type, 'AWS::DynamoDB::Table');
  assert.equal(source['StartingPosition'], 'TRIM_HORIZON');
  const [{ Pattern: pattern }] = source['FilterCriteria'].Filters;
  // Only clips have a status. A deleted row was announced before, as `deleting`.
  assert.deepEqual(JSON.parse(pattern), {
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: { NewImage: { status: { S: [{ exists: true }] } } },
  });
});

test('a change that cannot be announced delays the others only for a limited time', () => {
  const source = vod().source('announce-clip');
  assert.equal(source['BisectBatchOnFunctionError'], true);
  assert.equal(source['MaximumRetryAttempts'], 10);
  assert.equal(source['MaximumRecordAgeInSeconds'], 12 * 3600);
  assert.equal(vod().at(source['DestinationConfig'].OnFailure.Destination).Type, 'AWS::SQS::Queue');
});

/** The resources of a subscriber: its rule, queue and function. */
function chain(stack: Stack, name: string) {
  const deliver = stack.function(`deliver-webhook-${name}`).Properties;
  const source = stack.source(`deliver-webhook-${name}`);
  const queue = stack.at(source['EventSourceArn']);
  const rule = stack
    .all('Events::Rule')
    .find((it) => it.Properties['Targets'][0].Arn['Fn::GetAtt'][0] === queue.id);
  return { deliver, source, queue, rule: rule?.Properties ?? {} };
}

test('without webhooks, no resource for them is created', () => {
  assert.deepEqual(
    vod()
      .bins()
      .filter((bin) => bin.startsWith('deliver-webhook')),
    [],
  );
});

test('each subscriber gets change events and nothing else', () => {
  const stack = vod(HOOKED);
  for (const name of ['newsroom', 'another']) {
    const { rule, deliver, queue } = chain(stack, name);
    assert.deepEqual(rule['EventPattern'], {
      source: ['matchcut'],
      'detail-type': ['Clip State Changed'],
    });
    assert.equal(rule['EventBusName'], undefined, 'the default bus');
    assert.deepEqual(deliver['Environment'].Variables, {
      FUNCTION: 'deliver-webhook',
      WEBHOOK_URL: name === 'newsroom' ? WEBHOOK.url : 'https://another.example.com/',
      WEBHOOK_SECRET_ARN: WEBHOOK.secretArn,
      WEBHOOK_QUEUE_URL: { Ref: queue.id },
    });
  }
  assert.notEqual(
    chain(stack, 'newsroom').queue.id,
    chain(stack, 'another').queue.id,
    'a failing subscriber must not delay the others',
  );
});

test('a failing subscriber gets 12 attempts in half a day', () => {
  const { source, queue, deliver } = chain(vod(HOOKED), 'newsroom');
  assert.equal(source['BatchSize'], 1);
  assert.ok(source['ScalingConfig'].MaximumConcurrency >= 2);
  assert.ok(queue.Properties['VisibilityTimeout'] >= 6 * deliver['Timeout']);
  assert.ok(queue.Properties['RedrivePolicy'].maxReceiveCount >= 12);
  assert.ok(queue.Properties['MessageRetentionPeriod'] >= 4 * 24 * 3600);
});

test('the template does not contain the secret itself', () => {
  const { Variables: variables } = chain(vod(HOOKED), 'newsroom').deliver[
    'Environment'
  ] as Properties;
  assert.ok(!JSON.stringify(variables).includes('resolve:secretsmanager'));
});
