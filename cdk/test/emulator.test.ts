import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { type Emulator, MISSING_TYPES, type Template } from '../lib/emulator/emulator.ts';
import { ENDPOINT, EXISTING, PRIVATE, vod } from './synthesis.ts';

const STAND_IN = 'http://127.0.0.1:9000';
const EMULATOR: Emulator = {
  resources: {
    'AWS::MediaPackage::PackagingGroup': { Ref: 'default', DomainName: STAND_IN },
    'AWS::CloudFront::PublicKey': { Ref: 'KEMULATED' },
    'AWS::CloudFront::KeyGroup': { Ref: 'group' },
    'AWS::CloudWatch::Alarm': { Arn: 'alarm' },
    'AWS::CloudWatch::CompositeAlarm': { Arn: 'alarm' },
  },
  eventSources: {
    'aws.mediapackage': 'standin.mediapackage',
    'aws.mediaconvert': 'standin.mediaconvert',
  },
  environment: { AWS_ENDPOINT_URL_MEDIAPACKAGE: STAND_IN },
  origins: { [new URL(ENDPOINT.manifest).host]: STAND_IN },
  gateway: 'https://localhost:4566',
};

const folder = mkdtempSync(join(tmpdir(), 'matchcut-emulator-'));
after(() => rmSync(folder, { recursive: true }));

/** Lists the differences of two values: `<path>: <this> -> <that>`. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const both = [one, other].every(
    (it) => typeof it === 'object' && it !== null && Array.isArray(it) === Array.isArray(one),
  );
  const reference = [one, other].some(
    (it) => typeof it === 'object' && it !== null && /^(Ref|Fn::)/.test(Object.keys(it)[0] ?? ''),
  );
  if (!both || (reference && !('Fn::Join' in (one as object))))
    return [`${path}: ${JSON.stringify(one)} -> ${JSON.stringify(other)}`];
  const keys = new Set([...Object.keys(one as object), ...Object.keys(other as object)]);
  return [...keys].flatMap((key) =>
    differences((one as any)[key], (other as any)[key], `${path}/${key}`),
  );
}

function compare(settings: Record<string, unknown>): { aws: Template; emulated: Template } {
  const file = join(folder, 'emulator.json');
  writeFileSync(file, JSON.stringify(EMULATOR));
  // CDK's bootstrap check depends on the synthesizer, not on the emulator.
  const { Parameters: _parameters, Rules: _rules, ...aws } = vod(settings).template;
  return { aws: aws as Template, emulated: vod({ ...settings, emulator: file }).template };
}

for (const [what, settings] of [
  ['a public library', EXISTING],
  ['a private library', { ...EXISTING, ...PRIVATE }],
  [
    'with a budget and everything else',
    { ...EXISTING, ...PRIVATE, alarmEmail: 'a@example.com', monthlyBudget: 10, coldAfterDays: 30 },
  ],
] as [string, Record<string, unknown>][]) {
  test(`the emulator's template differs from the real one only in expected places: ${what}`, () => {
    const { aws, emulated } = compare(settings);
    const { Resources: resources, ...rest } = aws;
    const {
      Resources: emulatedResources,
      Outputs: outputs,
      ...emulatedRest
    } = emulated as Template & { Outputs: any };
    const { Outputs: awsOutputs, ...awsRest } = rest as { Outputs: any };
    assert.deepEqual(emulatedRest, awsRest);
    assert.deepEqual(differences(awsOutputs, outputs), [
      `/PackagingGroupIds/Value: ${JSON.stringify(awsOutputs.PackagingGroupIds.Value)} -> "default"`,
    ]);

    const gone = Object.keys(resources).filter((id) => !(id in emulatedResources));
    assert.ok(gone.length > 0);
    for (const id of gone) {
      const type = resources[id]?.Type ?? '';
      assert.ok(
        MISSING_TYPES.some((pattern) => pattern.test(type)),
        `${type} is gone, although the emulator supports it`,
      );
    }
    assert.deepEqual(
      Object.keys(emulatedResources).filter((id) => !(id in resources)),
      [],
      'new resources',
    );

    for (const [id, resource] of Object.entries(emulatedResources)) {
      for (const difference of differences(resources[id], resource)) {
        assert.ok(
          isExpected(resource.Type, difference, gone),
          `${resource.Type} ${id}: ${difference}`,
        );
      }
    }
  });
}

/** Whether a difference is one of the expected kinds. */
function isExpected(type: string, difference: string, gone: readonly string[]): boolean {
  const toStandIn =
    gone.some((id) => difference.includes(`"${id}"`)) &&
    /-> "(default|KEMULATED|group|alarm)"$/.test(difference);
  switch (type) {
    case 'AWS::Lambda::Function':
      return (
        toStandIn ||
        /^\/Properties\/Environment(\/Variables\/AWS_ENDPOINT_URL_MEDIAPACKAGE)?: undefined -> /.test(
          difference,
        ) ||
        /^\/Properties\/Environment\/Variables\/CHANNELS[/:].*"manifest\\":\\"http:\/\/127/s.test(
          difference,
        )
      );
    case 'AWS::CloudWatch::Dashboard':
      return toStandIn;
    case 'AWS::Events::Rule':
      return /^\/Properties\/EventPattern\/source\/0: "aws\.(media\w+)" -> "standin\.\1"$/.test(
        difference,
      );
    case 'AWS::CloudFront::Distribution':
      return (
        (toStandIn && /\/TrustedKeyGroups\/0: /.test(difference)) ||
        /^\/Properties\/DistributionConfig\/Origins\/\d\/(DomainName|OriginPath|CustomOriginConfig\/\w+)[:/]/.test(
          difference,
        )
      );
    default:
      return false;
  }
}

test('functions, permissions and routes are the same for the emulator', () => {
  const { aws, emulated } = compare(EXISTING);
  for (const type of [
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::Lambda::Permission',
    'AWS::ApiGatewayV2::Route',
    'AWS::S3::BucketPolicy',
  ]) {
    const resourcesOfType = (template: Template) =>
      Object.entries(template.Resources).filter(([, it]) => it.Type === type);
    assert.ok(resourcesOfType(aws).length > 0, type);
    assert.deepEqual(resourcesOfType(emulated), resourcesOfType(aws));
  }
});

test('a missing replacement is reported by name', () => {
  const file = join(folder, 'incomplete.json');
  writeFileSync(file, JSON.stringify({ ...EMULATOR, resources: {} }));
  assert.throws(
    () => vod({ ...EXISTING, emulator: file }),
    /no resources\["AWS::MediaPackage::PackagingGroup"\]\["Ref"\]/,
  );
});
