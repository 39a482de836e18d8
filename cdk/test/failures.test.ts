import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, MADE, type Resource, type Stack, vod, WEBHOOK } from './synthesis.ts';

const CASES: [string, () => Stack][] = [
  ['minimal settings', () => vod(MADE)],
  ['webhooks', () => vod({ ...EXISTING, webhooks: [WEBHOOK] })],
];

/** Finds the alarm for the messages in a queue. */
const findAlarm = (stack: Stack, queue: Resource): Resource | undefined =>
  stack
    .all('CloudWatch::Alarm')
    .filter((it) => it.Properties['MetricName'] === 'ApproximateNumberOfMessagesVisible')
    .find((it) => it.Properties['Dimensions'][0].Value['Fn::GetAtt'][0] === queue.id);

/** Checks that an ARN is a dead-letter queue with an alarm. */
function checkDeadLetterQueue(stack: Stack, arn: unknown, what: string): void {
  const queue = stack.at(arn);
  assert.equal(queue.Type, 'AWS::SQS::Queue', what);
  const alarm = findAlarm(stack, queue);
  assert.ok(alarm !== undefined, `${what}: there is no alarm for ${queue.id}`);
  assert.ok(stack.notifies(alarm), what);
}

const functionName = (stack: Stack, reference: unknown) =>
  String(stack.at(reference).Properties['FunctionName']);

for (const [what, make] of CASES) {
  test(`every asynchronous event source has a dead-letter queue with an alarm: ${what}`, () => {
    const stack = make();
    const started = new Set<string>();
    for (const rule of stack.all('Events::Rule')) {
      for (const target of rule.Properties['Targets']) {
        checkDeadLetterQueue(stack, target.DeadLetterConfig?.Arn, rule.id);
        const to = stack.at(target.Arn);
        if (to.Type !== 'AWS::Lambda::Function') continue;
        // EventBridge delivers the event. If the function fails, Lambda keeps the event.
        checkDeadLetterQueue(
          stack,
          to.Properties['DeadLetterConfig']?.TargetArn,
          functionName(stack, target.Arn),
        );
        started.add(functionName(stack, target.Arn));
      }
    }
    for (const { Properties: source } of stack.all('Lambda::EventSourceMapping')) {
      const name = functionName(stack, source['FunctionName']);
      const from = stack.at(source['EventSourceArn']);
      const kept =
        from.Type === 'AWS::SQS::Queue'
          ? from.Properties['RedrivePolicy']?.deadLetterTargetArn
          : source['DestinationConfig']?.OnFailure.Destination;
      checkDeadLetterQueue(stack, kept, name);
      started.add(name);
    }
    // API Gateway or Cognito calls all other functions, and waits for them.
    const called = new Set([
      ...stack
        .all('ApiGatewayV2::Integration')
        .map((it) => functionName(stack, it.Properties['IntegrationUri'])),
      functionName(
        stack,
        stack.one('Cognito::UserPool').Properties['LambdaConfig'].PreTokenGenerationConfig
          .LambdaArn,
      ),
    ]);
    const all = stack.all('Lambda::Function').map((it) => String(it.Properties['FunctionName']));
    assert.deepEqual(
      all.filter((name) => started.has(name) === called.has(name)),
      [],
      'functions with both kinds of callers, or none',
    );
    for (const bin of ['sweep-library', 'transcode-upload', 'harvest-clip', 'announce-clip'])
      assert.ok(started.has(`matchcut-${bin}`), bin);
  });

  test(`every queue has a function or an alarm: ${what}`, () => {
    const stack = make();
    const drained = new Set(
      stack
        .all('Lambda::EventSourceMapping')
        .map((it) => it.Properties['EventSourceArn']['Fn::GetAtt'][0]),
    );
    for (const queue of stack.all('SQS::Queue')) {
      if (drained.has(queue.id)) continue;
      assert.ok(findAlarm(stack, queue), queue.id);
      assert.equal(
        queue.Properties['MessageRetentionPeriod'],
        queue.id.startsWith('LibraryDropped') ? 3600 : 14 * 24 * 3600,
        queue.id,
      );
    }
  });
}

test('one failed message sets off an alarm, except for sweeps, which need 30', () => {
  const thresholds = new Map(
    vod(MADE)
      .all('CloudWatch::Alarm')
      .filter((it) => /: dead-letter queue: /.test(it.Properties['AlarmName']))
      .map((it) => [it.Properties['AlarmName'].split(': ')[2], it.Properties['Threshold']]),
  );
  assert.equal(thresholds.get('dropped sweeps of the last hour'), 30);
  thresholds.delete('dropped sweeps of the last hour');
  assert.deepEqual(new Set(thresholds.values()), new Set([1]));
});

test('the alarms on our metrics use metrics that the functions write', () => {
  const stack = vod(MADE);
  const ours = stack
    .all('CloudWatch::Alarm')
    .filter((it) => it.Properties['Namespace'] === 'Matchcut/matchcut');
  assert.deepEqual(ours.map((it) => it.Properties['MetricName']).sort(), [
    'AssetsFree',
    'ClipsRepaired',
    'LiveEdgeAgeSeconds',
    'OldestWaitingSeconds',
  ]);
  for (const bin of ['announce-clip', 'sweep-library']) {
    assert.equal(
      stack.function(bin).Properties['Environment'].Variables.METRICS_NAMESPACE,
      'Matchcut/matchcut',
    );
  }
});

test('the dashboard shows every metric that the functions write, and every dead-letter queue', () => {
  const stack = vod(MADE);
  const body = stack.text(stack.one('CloudWatch::Dashboard').Properties['DashboardBody']);
  for (const name of [
    'ClipsEntered',
    'TimeToReadySeconds',
    'ClipsUnfinished',
    'ClipsWaiting',
    'OldestWaitingSeconds',
    'ClipsRepaired',
    'AssetsFree',
    'LiveEdgeAgeSeconds',
  ]) {
    assert.ok(body.includes(`"${name}"`), name);
  }
  for (const queue of stack.all('SQS::Queue').filter((it) => findAlarm(stack, it) !== undefined)) {
    assert.ok(body.includes(queue.id.replace(/[0-9A-F]{8}$/, '')), queue.id);
  }
});

test('a live edge that does not move for 30 s sets off an alarm, if the encoder is ours', () => {
  const findAlarms = (stack: Stack) =>
    stack
      .all('CloudWatch::Alarm')
      .map((it) => it.Properties)
      .filter((it) => it['MetricName'] === 'LiveEdgeAgeSeconds');
  const [alarm, ...others] = findAlarms(vod(MADE));
  assert.equal(others.length, 0);
  assert.deepEqual(alarm?.['Dimensions'], [{ Name: 'Channel', Value: 'main' }]);
  assert.deepEqual([alarm?.['Threshold'], alarm?.['Period']], [30, 60]);
  assert.match(alarm?.['AlarmDescription'], /docs\/runbook\.md#a-stream-is-stalled/);
  assert.deepEqual(findAlarms(vod(EXISTING)), []);
});
