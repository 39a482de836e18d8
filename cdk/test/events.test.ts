import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ACCOUNT, EXISTING, type Properties, REGION, type Stack, vod } from './synthesis.ts';

/** Whether a pattern matches an event. Implements the part of EventBridge's rules that our patterns use. */
function matches(pattern: any, event: any): boolean {
  if (!Array.isArray(pattern))
    return Object.entries(pattern).every(
      ([key, it]) => event !== undefined && matches(it, event[key]),
    );
  const values = [event].flat();
  return pattern.some((wanted) =>
    typeof wanted === 'object'
      ? values.some((it) => String(it).startsWith(wanted.prefix))
      : values.includes(wanted),
  );
}

/** Lists the functions that an event starts. */
function listStarted(event: unknown, stack: Stack = vod()): string[] {
  return stack
    .all('Events::Rule')
    .filter((rule) => rule.Properties['EventPattern'] !== undefined)
    .filter((rule) => matches(resolve(rule.Properties['EventPattern']), event))
    .map((rule) => String(rule.Properties['Description']).replace('Starts ', ''));
}

/** Resolves references such as the partition, as in an AWS account. */
function resolve(pattern: unknown): unknown {
  const text = JSON.stringify(pattern).replaceAll(
    /\{"Fn::Join":\["",(\[.*?\])\]\}/g,
    (_, parts: string) =>
      JSON.stringify(
        (JSON.parse(parts) as any[]).map((it) => (typeof it === 'string' ? it : 'aws')).join(''),
      ),
  );
  // A reference to a bucket is the bucket's name. The name of the test is the logical id.
  return JSON.parse(text.replaceAll(/\{"Ref":("[^"]+")\}/g, '$1')) as unknown;
}

const BUCKET = Object.keys(vod().template.Resources).find((id) =>
  /^ClipBucket[0-9A-F]{8}$/.test(id),
);

const harvested = (status: string, bucket = String(BUCKET)) => ({
  'detail-type': 'MediaPackage HarvestJob Notification',
  source: 'aws.mediapackage',
  account: ACCOUNT,
  region: REGION,
  resources: [`arn:aws:mediapackage:${REGION}:${ACCOUNT}:harvest_jobs/JOB`],
  detail: { harvest_job: { id: 'JOB', status, s3_destination: { bucket_name: bucket } } },
});

const ingested = (event: string, detail: object, ...resources: string[]) => ({
  'detail-type': 'MediaPackage Input Notification',
  source: 'aws.mediapackage',
  resources: resources.map((it) => `arn:aws:mediapackage-vod:${REGION}:${ACCOUNT}:${it}`),
  detail: { event, message: 'as it may be', ...detail },
});

test('a harvest of ours that succeeded or failed starts harvest-complete', () => {
  assert.deepEqual(listStarted(harvested('SUCCEEDED')), ['harvest-complete']);
  assert.deepEqual(listStarted(harvested('FAILED')), ['harvest-complete']);
  assert.deepEqual(listStarted(harvested('IN_PROGRESS')), []);
  assert.deepEqual(listStarted(harvested('SUCCEEDED', 'of-another-service')), []);
});

test('a playable format and a failed ingest start asset-playable', () => {
  const playable = (id: string) =>
    ingested(
      'VodAssetPlayable',
      { packaging_configuration_id: id },
      'assets/a_b',
      `packaging-configurations/${id}`,
    );
  assert.deepEqual(listStarted(playable('matchcut-hls')), ['asset-playable']);
  assert.deepEqual(listStarted(playable('matchcut-dash')), ['asset-playable']);
  assert.deepEqual(listStarted(playable('staging-hls')), []);
  assert.deepEqual(listStarted(ingested('IngestError', {}, 'assets/a_b')), ['asset-playable']);
  assert.deepEqual(listStarted(ingested('IngestComplete', {}, 'assets/a_b')), []);
  // An event of a live channel.
  assert.deepEqual(listStarted(ingested('MaxIngestStreamsError', {}, 'channels/1')), []);
});

test('events of other services start no function', () => {
  assert.deepEqual(listStarted({ ...harvested('SUCCEEDED'), source: 'aws.mediapackagev2' }), []);
  assert.deepEqual(
    listStarted({
      source: 'aws.medialive',
      'detail-type': 'MediaLive Channel State Change',
      detail: {},
    }),
    [],
  );
});

test('the sweep runs every minute', () => {
  const timed = vod()
    .all('Events::Rule')
    .filter((rule) => rule.Properties['ScheduleExpression'] !== undefined);
  assert.deepEqual(
    timed.map((rule) => [rule.Properties['Description'], rule.Properties['ScheduleExpression']]),
    [['Starts sweep-library', 'rate(1 minute)']],
  );
});

test('an event that cannot be delivered is kept, and sets off an alarm', () => {
  const stack = vod({ ...EXISTING, alarmEmail: 'night@example.com' });
  const kept = (arn: Properties | undefined) => {
    const queue = stack.template.Resources[arn?.['Fn::GetAtt'][0]];
    assert.equal(queue?.Properties?.['MessageRetentionPeriod'], 14 * 24 * 3600);
    const alarm = stack
      .all('CloudWatch::Alarm')
      .find(
        (it) =>
          it.Properties['Dimensions']?.[0].Value['Fn::GetAtt']?.[0] === arn?.['Fn::GetAtt'][0],
      );
    assert.ok(alarm !== undefined && stack.notifies(alarm));
  };
  for (const rule of stack
    .all('Events::Rule')
    .filter((it) => it.Properties['EventPattern'] !== undefined)) {
    for (const target of rule.Properties['Targets']) kept(target.DeadLetterConfig.Arn);
  }
  for (const bin of ['harvest-complete', 'asset-playable', 'transcode-complete']) {
    kept(stack.function(bin).Properties['DeadLetterConfig'].TargetArn);
  }
  const topic = stack.one('SNS::Topic');
  for (const alarm of stack.all('CloudWatch::CompositeAlarm'))
    assert.deepEqual(alarm.Properties['AlarmActions'], [{ Ref: topic.id }]);
  assert.equal(stack.one('SNS::Subscription').Properties['Endpoint'], 'night@example.com');
});
