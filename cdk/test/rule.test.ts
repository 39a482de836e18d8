import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vod } from './synthesis.ts';

test('every new or changed mark starts apply-rules, and no other row does', () => {
  const source = vod().source('apply-rules');
  assert.equal(vod().at(source['EventSourceArn']).Type, 'AWS::DynamoDB::Table');
  assert.equal(source['StartingPosition'], 'TRIM_HORIZON');
  const [{ Pattern: pattern }] = source['FilterCriteria'].Filters;
  assert.deepEqual(JSON.parse(pattern), {
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: {
      NewImage: {
        competition: { S: [{ prefix: 'marks#' }] },
        clip: { S: [{ prefix: 'at#' }] },
      },
    },
  });
});

test('a mark that cannot be applied delays the others only for a limited time', () => {
  const source = vod().source('apply-rules');
  assert.equal(source['BisectBatchOnFunctionError'], true);
  assert.equal(source['MaximumRetryAttempts'], 10);
  assert.equal(source['MaximumRecordAgeInSeconds'], 3600);
  assert.equal(vod().at(source['DestinationConfig'].OnFailure.Destination).Type, 'AWS::SQS::Queue');
});

test('a shard of the stream has two readers, which is the most that AWS allows', () => {
  const stack = vod();
  const readers = stack
    .all('Lambda::EventSourceMapping')
    .filter((it) => stack.at(it.Properties['EventSourceArn']).Type === 'AWS::DynamoDB::Table');
  assert.equal(readers.length, 2);
});

test('the functions of rules can reach no clip', () => {
  const stack = vod();
  for (const bin of ['list-rules', 'create-rule', 'replace-rule', 'delete-rule']) {
    const statements = stack
      .roleStatements(stack.function(bin).Properties['Role']['Fn::GetAtt'][0])
      .filter((it) => [it.Action].flat().some((action) => action.startsWith('dynamodb:')));
    assert.deepEqual(
      statements.map((it) => it.Condition),
      [{ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['rules#'] } }],
      bin,
    );
  }
});
