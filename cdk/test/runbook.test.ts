import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { PENDING_STATUSES } from '../lib/alarms/metrics.ts';
import { MADE, type Properties, vod, WEBHOOK } from './synthesis.ts';

const RUNBOOK = readFileSync(`${import.meta.dirname}/../../docs/runbook.md`, 'utf8');
const SOURCES = `${import.meta.dirname}/../../functions/src`;
const EVERYTHING = {
  ...MADE,
  webhooks: [WEBHOOK],
  redundant: true,
  alarmEmail: 'night@example.com',
  monthlyBudget: 1000,
};

/** The anchors of the headings. */
const anchors = (text: string) =>
  [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
const [ALARM_ENTRIES = '', BY_HAND = ''] = RUNBOOK.split('\n# By hand\n');
const ANCHORS = anchors(ALARM_ENTRIES);

/** The text of all Rust files of the functions. */
function readSources(): string {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs'))
    .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
    .join('\n');
}

test('each alarm names an entry of the runbook, and each entry has an alarm', () => {
  const stack = vod(EVERYTHING);
  const alarms = [...stack.all('CloudWatch::Alarm'), ...stack.all('CloudWatch::CompositeAlarm')];
  const asked = new Set(
    alarms.map((resource) => {
      const { Properties: alarm } = resource;
      const text = stack.text(alarm['AlarmDescription']);
      const [, anchor = ''] = / What to do: docs\/runbook\.md#([a-z0-9-]+)$/.exec(text) ?? [];
      assert.ok(
        ANCHORS.includes(anchor),
        `the runbook has no entry ${anchor} for ${alarm['AlarmName']}`,
      );
      assert.ok(stack.notifies(resource), alarm['AlarmName']);
      return anchor;
    }),
  );
  const budgetEntry = 'the-bill-grows';
  assert.deepEqual(
    ANCHORS.filter((it) => !asked.has(it) && it !== budgetEntry),
    [],
    'entries without an alarm',
  );
});

test('the links of the runbook work', () => {
  const there = [...ANCHORS, ...anchors(BY_HAND), 'by-hand'];
  const links = [...RUNBOOK.matchAll(/\]\(#([a-z0-9-]+)\)/g)].map(([, anchor = '']) => anchor);
  assert.ok(links.length > 0);
  assert.deepEqual(
    links.filter((anchor) => !there.includes(anchor)),
    [],
  );
  const deploy = anchors(
    readFileSync(`${import.meta.dirname}/../../docs/deploy.md`, 'utf8').replaceAll(
      '\n### ',
      '\n## ',
    ),
  );
  const outside = [...RUNBOOK.matchAll(/\]\(deploy\.md#([a-z0-9-]+)\)/g)].map(
    ([, anchor = '']) => anchor,
  );
  assert.deepEqual(
    outside.filter((anchor) => !deploy.includes(anchor)),
    [],
  );
});

test('the runbook has every pending state, failure, queue and output', () => {
  const [, codes = ''] = /^pub enum FailureCode \{(.*?)^\}/ms.exec(readSources()) ?? [];
  const failures = [...codes.matchAll(/^ {4}([A-Z]\w+),$/gm)].map(([, code = '']) =>
    code.replaceAll(/\B[A-Z]/g, '-$&').toLowerCase(),
  );
  assert.ok(failures.length > 10);
  for (const code of failures) assert.ok(BY_HAND.includes(`\`${code}\``), `failure ${code}`);
  for (const status of PENDING_STATUSES)
    assert.ok(BY_HAND.includes(`| \`${status}\` |`), `stuck in ${status}`);
  const outputs = Object.keys(vod(EVERYTHING).template['Outputs'] as object);
  for (const [, output = ''] of RUNBOOK.matchAll(/<([A-Z]\w+)>/g))
    assert.ok(outputs.includes(output), `output ${output}`);
  for (const queue of vod(EVERYTHING)
    .all('SQS::Queue')
    .filter((it) => it.Properties['RedrivePolicy'] === undefined)) {
    const name = queue.id
      .replace(/^(Clip|Announce)?(.*?)[0-9A-F]{8}$/, '$2')
      .replace(/^Webhook[a-z]+/, 'Webhook<name>');
    assert.ok(BY_HAND.includes(`…${name}…`), `queue ${name}`);
  }
});

test('every function has an alarm for failures, and webhooks for lasting ones', () => {
  const stack = vod(EVERYTHING);
  const watched = stack
    .all('CloudWatch::Alarm')
    .flatMap((it): Properties[] => it.Properties['Metrics'] ?? [])
    .map((it) => it['MetricStat']?.Metric)
    .filter((it) => it?.MetricName === 'Errors')
    .map((it) => it.Dimensions[0].Value.Ref);
  const others = stack
    .all('Lambda::Function')
    .filter((it) => !String(it.Properties['FunctionName']).includes('deliver-webhook'));
  assert.deepEqual(watched.sort(), others.map((it) => it.id).sort());
  const lasting = stack
    .all('CloudWatch::Alarm')
    .filter((it) => it.Properties['AlarmName'] === 'matchcut: webhook newsroom is behind');
  assert.deepEqual(
    lasting.map((it) => [it.Properties['MetricName'], it.Properties['EvaluationPeriods']]),
    [['ApproximateNumberOfMessagesNotVisible', 6]],
  );
});

test('the budget sends an e-mail', () => {
  const { Budget: budget, NotificationsWithSubscribers: notices } =
    vod(EVERYTHING).one('Budgets::Budget').Properties;
  assert.deepEqual(budget.BudgetLimit, { Amount: 1000, Unit: 'USD' });
  for (const { Subscribers: subscribers } of notices)
    assert.equal(subscribers[0].Address, 'night@example.com');
});
