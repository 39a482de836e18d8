import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MADE, type Resource, vod, WEBHOOK } from './synthesis.ts';

const stack = vod({ ...MADE, webhooks: [WEBHOOK], redundant: true });
const SYMPTOMS = stack.all('CloudWatch::Alarm');
const COMPOSITES = stack.all('CloudWatch::CompositeAlarm');

const findName = ({ Properties: alarm }: Resource) =>
  String(alarm['AlarmName']).replace('matchcut: ', '');

/** Lists the alarms that notify, if these metric alarms are active. */
function listNotices(isActive: (name: string) => boolean): string[] {
  const active = new Map(
    SYMPTOMS.map((alarm) => [alarm.id, isActive(findName(alarm))] as [string, boolean]),
  );
  const composites = new Map(COMPOSITES.map((alarm) => [alarm.id, alarm]));
  const evaluate = (id: string): boolean => {
    const known = active.get(id);
    if (known !== undefined) return known;
    const rule = composites.get(id)?.Properties['AlarmRule'];
    assert.ok(rule !== undefined, `no alarm has the id ${id}`);
    const parts: string[] = rule['Fn::Join'][1].map((part: any) =>
      typeof part === 'string' ? part : String(evaluate(part['Fn::GetAtt'][0])),
    );
    const expression = parts
      .join('')
      .replaceAll(/ALARM\("(true|false)"\)/g, '$1')
      .replaceAll('AND', '&&')
      .replaceAll('OR', '||')
      .replaceAll('NOT', '!');
    assert.match(expression, /^[ ()&|!truefalse]+$/);
    return Function(`return ${expression}`)() as boolean;
  };
  return [...SYMPTOMS, ...COMPOSITES]
    .filter((alarm) => (alarm.Properties['AlarmActions'] ?? []).length > 0)
    .filter((alarm) => evaluate(alarm.id))
    .map(findName);
}

const isQueue = (name: string) =>
  name.startsWith('dead-letter queue: ') && !/webhook|sweeps/.test(name);
const isLate = (name: string) =>
  /wait long|events are lost|does not run|are late|dropped sweeps/.test(name);
const isFunction = (name: string) => /^[a-z-]+ fails$/.test(name);

test('one fault notifies once', () => {
  assert.ok(SYMPTOMS.filter((it) => isFunction(findName(it))).length > 20);
  assert.ok(SYMPTOMS.filter((it) => isQueue(findName(it))).length > 4);
  assert.equal(SYMPTOMS.filter((it) => isLate(findName(it))).length, 6);
  const check = (isActive: (name: string) => boolean, expected: string[]) =>
    assert.deepEqual(listNotices(isActive), expected);

  check(() => false, []);
  // DynamoDB does not answer: functions fail, then messages fail, and everything is late.
  check(
    (name) => isFunction(name) || isQueue(name) || isLate(name) || /5xx|is throttled/.test(name),
    ['the service fails'],
  );
  // DynamoDB answers again. The messages are still in their queues, and clips are still late.
  check((name) => isQueue(name) || isLate(name), ['messages failed on every attempt']);
  check(isLate, ['clips or events are late']);
  check((name) => name === 'create-clip fails', ['the service fails']);
  check((name) => name === 'the API returns 5xx', ['the service fails']);
  // The subscriber is down: messages wait, and after half a day they are given up.
  check((name) => /webhook newsroom/.test(name), ['webhook newsroom fails']);
  // Both pipelines of a redundant channel have no input.
  check((name) => /^channel .* has alerts/.test(name), ['channel main has alerts']);
  check((name) => /nearly full/.test(name), ['packaging groups are nearly full']);
});

test('every alarm notifies, by itself or through its cause', () => {
  for (const alarm of SYMPTOMS)
    assert.equal(listNotices((name) => name === findName(alarm)).length, 1, findName(alarm));
});

test('a single failure wakes nobody: failures are shares, in several periods', () => {
  const failures = SYMPTOMS.filter((alarm) =>
    (alarm.Properties['Metrics'] ?? []).some((metric: any) =>
      ['Errors', '5xx'].includes(metric.MetricStat?.Metric.MetricName),
    ),
  );
  assert.ok(failures.length > 20);
  for (const alarm of failures) {
    const { Metrics: metrics, ...rest } = alarm.Properties;
    assert.match(metrics[0].Expression, /^100 \* FILL\(errors, 0\) \/ calls$/, findName(alarm));
    assert.ok(rest['Threshold'] >= 5 && rest['DatapointsToAlarm'] >= 3, findName(alarm));
    assert.ok(rest['EvaluationPeriods'] > rest['DatapointsToAlarm'], findName(alarm));
  }
  assert.deepEqual(
    SYMPTOMS.filter((alarm) => ['Errors', '5xx'].includes(alarm.Properties['MetricName'])),
    [],
    'alarms on single failures',
  );
});

test('every alarm says what missing data is, and messages stay where they are', () => {
  for (const alarm of SYMPTOMS) {
    const rule = String(alarm.Properties['TreatMissingData']);
    const name = findName(alarm);
    // SQS reports no metrics of a queue that nobody used for six hours.
    if (name.startsWith('dead-letter queue: ')) assert.equal(rule, 'ignore', name);
    else assert.match(rule, /^(notBreaching|breaching|ignore)$/, name);
  }
});

test('the alarm on throttles counts every index', () => {
  const alarm = SYMPTOMS.find((it) => findName(it) === 'the table is throttled');
  const counted = (alarm?.Properties['Metrics'] ?? []).flatMap((metric: any) =>
    (metric.MetricStat?.Metric.Dimensions ?? [])
      .filter((it: any) => it.Name === 'GlobalSecondaryIndexName')
      .map((it: any) => it.Value),
  );
  const indexes = stack
    .one('DynamoDB::Table')
    .Properties['GlobalSecondaryIndexes'].map((it: any) => it.IndexName);
  assert.deepEqual(new Set(counted), new Set(indexes));
});
