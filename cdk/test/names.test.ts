import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MADE, PRIVATE, type Resource, synthesize, WEBHOOK } from './synthesis.ts';

const EVERYTHING = {
  ...MADE,
  ...PRIVATE,
  webhooks: [WEBHOOK],
  alarmEmail: 'night@example.com',
  monthlyBudget: 1000,
  drm: { url: 'https://a1.execute-api.eu-central-1.amazonaws.com/p/keys', live: true },
};

/** Types whose names all regions of an account share. AWS WAF's web ACLs for CloudFront are in us-east-1. */
const GLOBAL =
  /^(AWS::CloudFront::|AWS::Budgets::|AWS::WAFv2::|AWS::IAM::|AWS::CloudWatch::Dashboard)/;

/** Properties that end like a name, but name something inside of their resource, or another resource. */
const NO_NAMES =
  /^(PolicyName|StageName|ManifestName|FunctionName\.|MetricName|TopicName\.|UserPoolId|ClientId|RestApiId|ApiId|ChannelId|PackagingGroupId|HostedZoneId|KeyId|Id\.)$/;

/** Types whose names belong to a user pool or an API of the deployment. */
const INNER =
  /^AWS::(Cognito::(UserPoolResourceServer|UserPoolGroup|UserPoolClient)|ApiGatewayV2::Authorizer)$/;

/** The physical names in a resource, each with its type. A generated name differs between stacks anyway. */
function listNames({ Type: type, Properties: properties }: Resource): string[] {
  const find = (value: unknown, depth: number): string[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([key, inner]) => {
      if (typeof inner !== 'string') return depth === 0 ? find(inner, 1) : [];
      const isName = /(Name|Id|Domain)$/.test(key) && !NO_NAMES.test(key);
      // Below the first level, only the configurations of CloudFront and of budgets have names.
      return isName && (depth === 0 || /CloudFront|Budgets/.test(type)) ? [`${type} ${inner}`] : [];
    });
  };
  return INNER.test(type) ? [] : find(properties, 0);
}

/** Lists the physical names of a deployment, and the names of its exports. */
function listAllNames(settings: Record<string, unknown>): string[] {
  const stacks = Object.values(synthesize({ ...EVERYTHING, ...settings }));
  const exported = stacks.flatMap(({ template }) =>
    Object.values((template['Outputs'] ?? {}) as Record<string, any>).flatMap((output) =>
      output.Export === undefined ? [] : [`export ${output.Export.Name}`],
    ),
  );
  const resources = stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources).map(
      ([id, it]) => ({ ...it, id, Properties: it.Properties ?? {} }) as Resource,
    ),
  );
  return [...resources.flatMap(listNames), ...exported];
}

const shared = (one: readonly string[], other: readonly string[]) =>
  one.filter((name) => other.includes(name));

const production = listAllNames({});

test('the names of a deployment are found', () => {
  for (const name of [
    'AWS::MediaPackage::PackagingConfiguration matchcut-hls',
    'AWS::MediaPackage::PackagingGroup matchcut-default',
    'AWS::MediaPackage::OriginEndpoint matchcut-main',
    'AWS::Lambda::Function matchcut-create-clip',
    'AWS::CloudFront::KeyGroup matchcut-eu-central-1',
    'AWS::CloudFront::Function matchcut-eu-central-1-find-page',
    'AWS::CloudFront::CachePolicy matchcut-eu-central-1-lists',
    'AWS::CloudFront::ResponseHeadersPolicy matchcut-eu-central-1-site',
    'AWS::CloudFront::OriginAccessControl matchcut-eu-central-1-thumbnails',
    'AWS::Budgets::Budget matchcut-eu-central-1',
    'AWS::WAFv2::WebACL matchcut-eu-central-1',
    'AWS::CloudWatch::Dashboard matchcut-eu-central-1',
    'AWS::Cognito::UserPoolDomain matchcut-111122223333',
  ])
    assert.ok(production.includes(name), `${name} is not among:\n${production.join('\n')}`);
  assert.ok(production.some((name) => name.startsWith('export ')));
});

test('staging and production share no name in one account and region', () => {
  assert.deepEqual(shared(production, listAllNames({ name: 'staging' })), []);
});

test('a second region shares no name that all regions of an account share', () => {
  const second = listAllNames({ region: 'eu-west-1' });
  assert.ok(second.includes('AWS::CloudFront::KeyGroup matchcut-eu-west-1'));
  assert.deepEqual(
    shared(production, second).filter((name) => GLOBAL.test(name)),
    [],
  );
});

test('a deployment of an earlier version can keep the ids of its packaging configurations', () => {
  const ids = listAllNames({ configurationPrefix: '' }).filter((name) =>
    name.startsWith('AWS::MediaPackage::PackagingConfiguration '),
  );
  assert.deepEqual(
    ids.map((name) => name.split(' ')[1]),
    ['hls', 'dash'],
  );
});
