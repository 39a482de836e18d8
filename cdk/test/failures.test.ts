import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, MADE, type Resource, type Stack, vod, WEBHOOK } from './synthesis.ts';

const CASES: [string, () => Stack][] = [
  ['as few settings as can be', () => vod(MADE)],
  ['webhooks', () => vod({ ...EXISTING, webhooks: [WEBHOOK] })],
];

/** The alarm that goes off when something is in a queue. */
const alarmOf = (stack: Stack, queue: Resource): Resource | undefined =>
  stack
    .all('CloudWatch::Alarm')
    .filter((it) => it.Properties['MetricName'] === 'ApproximateNumberOfMessagesVisible')
    .find((it) => it.Properties['Dimensions'][0].Value['Fn::GetAtt'][0] === queue.id);

/** Checks that what is kept at an ARN is kept in a queue for it alone, and that somebody is told. */
function isSeen(stack: Stack, arn: unknown, what: string): void {
  const queue = stack.at(arn);
  assert.equal(queue.Type, 'AWS::SQS::Queue', what);
  const alarm = alarmOf(stack, queue);
  assert.ok(alarm !== undefined, `${what}: nobody is told of ${queue.id}`);
  assert.equal(alarm.Properties['AlarmActions'].length, 1, what);
}

const nameOf = (stack: Stack, reference: unknown) =>
  String(stack.at(reference).Properties['FunctionName']);

for (const [what, make] of CASES) {
  test(`whatever starts a function without waiting for it keeps what failed every time: ${what}`, () => {
    const stack = make();
    const started = new Set<string>();
    for (const rule of stack.all('Events::Rule')) {
      for (const target of rule.Properties['Targets']) {
        isSeen(stack, target.DeadLetterConfig?.Arn, rule.id);
        const to = stack.at(target.Arn);
        if (to.Type !== 'AWS::Lambda::Function') continue;
        // EventBridge hands the event over; what fails after that is Lambda's to keep.
        isSeen(stack, to.Properties['DeadLetterConfig']?.TargetArn, nameOf(stack, target.Arn));
        started.add(nameOf(stack, target.Arn));
      }
    }
    for (const { Properties: source } of stack.all('Lambda::EventSourceMapping')) {
      const name = nameOf(stack, source['FunctionName']);
      const from = stack.at(source['EventSourceArn']);
      const kept =
        from.Type === 'AWS::SQS::Queue'
          ? from.Properties['RedrivePolicy']?.deadLetterTargetArn
          : source['DestinationConfig']?.OnFailure.Destination;
      isSeen(stack, kept, name);
      started.add(name);
    }
    // All others answer somebody who waits: API Gateway or Cognito.
    const asked = new Set([
      ...stack
        .all('ApiGatewayV2::Integration')
        .map((it) => nameOf(stack, it.Properties['IntegrationUri'])),
      nameOf(
        stack,
        stack.one('Cognito::UserPool').Properties['LambdaConfig'].PreTokenGenerationConfig
          .LambdaArn,
      ),
    ]);
    const all = stack.all('Lambda::Function').map((it) => String(it.Properties['FunctionName']));
    assert.deepEqual(
      all.filter((name) => started.has(name) === asked.has(name)),
      [],
      'started and asked, or neither',
    );
    for (const bin of ['sweep-library', 'transcode-upload', 'harvest-clip', 'announce-clip'])
      assert.ok(started.has(`matchcut-${bin}`), bin);
  });

  test(`every queue is drained by a function, or somebody is told of what is in it: ${what}`, () => {
    const stack = make();
    const drained = new Set(
      stack
        .all('Lambda::EventSourceMapping')
        .map((it) => it.Properties['EventSourceArn']['Fn::GetAtt'][0]),
    );
    for (const queue of stack.all('SQS::Queue')) {
      if (drained.has(queue.id)) continue;
      assert.ok(alarmOf(stack, queue), queue.id);
      assert.equal(
        queue.Properties['MessageRetentionPeriod'],
        queue.id.startsWith('LibraryDropped') ? 3600 : 14 * 24 * 3600,
        queue.id,
      );
    }
  });
}

test('one event that failed is enough to wake somebody; a sweep that failed is not, for the next is due', () => {
  const thresholds = new Map(
    vod(MADE)
      .all('CloudWatch::Alarm')
      .filter((it) => /: undelivered: /.test(it.Properties['AlarmName']))
      .map((it) => [it.Properties['AlarmName'].split(': ')[2], it.Properties['Threshold']]),
  );
  assert.equal(thresholds.get('sweeps of the last hour'), 30);
  thresholds.delete('sweeps of the last hour');
  assert.deepEqual(new Set(thresholds.values()), new Set([1]));
});

test('the alarms of what our functions count are about metrics that they write', () => {
  const stack = vod(MADE);
  const ours = stack
    .all('CloudWatch::Alarm')
    .filter((it) => it.Properties['Namespace'] === 'Matchcut/matchcut');
  assert.deepEqual(ours.map((it) => it.Properties['MetricName']).sort(), [
    'AssetsFree',
    'ClipsRepaired',
    'OldestWaitingSeconds',
  ]);
  for (const bin of ['announce-clip', 'sweep-library']) {
    assert.equal(
      stack.function(bin).Properties['Environment'].Variables.METRICS_NAMESPACE,
      'Matchcut/matchcut',
    );
  }
});

test('the dashboard shows every metric that our functions write, and every queue of failures', () => {
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
  ]) {
    assert.ok(body.includes(`"${name}"`), name);
  }
  for (const queue of stack.all('SQS::Queue').filter((it) => alarmOf(stack, it) !== undefined)) {
    assert.ok(body.includes(queue.id.replace(/[0-9A-F]{8}$/, '')), queue.id);
  }
});
