import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { MADE, vod } from './synthesis.ts';

const RUNBOOK = readFileSync(`${import.meta.dirname}/../../docs/runbook.md`, 'utf8');
const EVERYTHING = { ...MADE, redundant: true, alarmEmail: 'night@example.com', monthlyBudget: 1000 };

/** The anchors that headings have. */
const ANCHORS = [...RUNBOOK.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
  heading.toLowerCase().replaceAll(/[^a-z0-9 -]/g, '').replaceAll(' ', '-'),
);

test('each alarm says what it means, and where it is said what to do', () => {
  const alarms = vod(EVERYTHING).all('CloudWatch::Alarm');
  const asked = new Set(
    alarms.map(({ Properties: alarm }) => {
      const text = vod(EVERYTHING).text(alarm['AlarmDescription']);
      const [, anchor = ''] = / What to do: docs\/runbook\.md#([a-z0-9-]+)$/.exec(text) ?? [];
      assert.ok(ANCHORS.includes(anchor), `the runbook has no entry ${anchor} for ${alarm['AlarmName']}`);
      assert.ok(alarm['AlarmActions'].length > 0, alarm['AlarmName']);
      return anchor;
    }),
  );
  const ofBills = 'the-bill-grows';
  assert.deepEqual(ANCHORS.filter((it) => !asked.has(it) && it !== ofBills), [], 'an entry without an alarm');
});

test('every function that fails wakes somebody', () => {
  const stack = vod(EVERYTHING);
  const watched = stack
    .all('CloudWatch::Alarm')
    .filter((it) => it.Properties['MetricName'] === 'Errors')
    .map((it) => it.Properties['Dimensions'][0].Value.Ref);
  assert.deepEqual(watched.sort(), stack.all('Lambda::Function').map((it) => it.id).sort());
});

test('a bill that grows is written about', () => {
  const { Budget: budget, NotificationsWithSubscribers: notices } = vod(EVERYTHING).one('Budgets::Budget').Properties;
  assert.deepEqual(budget.BudgetLimit, { Amount: 1000, Unit: 'USD' });
  for (const { Subscribers: subscribers } of notices) assert.equal(subscribers[0].Address, 'night@example.com');
});
