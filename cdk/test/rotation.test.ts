import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MADE, type Properties, synthesize } from './synthesis.ts';

const HEADER = 'X-MediaPackage-CDNIdentifier';
const ROUNDS = [1, 2, 3, 4, 5];

/** A secret as Secrets Manager keeps it. CloudFormation adds a value if the property has changed. */
class StoredSecret {
  readonly values: string[] = [];
  private property = '';

  deploy(property: unknown): void {
    const text = JSON.stringify(property);
    if (text === this.property) return;
    this.property = text;
    this.values.push(`value ${this.values.length + 1}`);
  }

  /** The values that MediaPackage accepts, ten minutes after a deployment. */
  get accepted(): (string | undefined)[] {
    return [this.values.at(-1), this.values.at(-2)];
  }

  /** Resolves a dynamic reference, as CloudFormation does: `…:<JSON key>:<version stage>:<version>`. */
  resolve(reference: string): string | undefined {
    const [, stage] = /:MediaPackageCDNIdentifier:(\w*):\}\}$/.exec(reference) ?? [];
    assert.ok(stage !== undefined, reference);
    return this.values.at(stage === 'AWSPREVIOUS' ? -2 : -1);
  }
}

const findProperty = (stack: string, round: number) =>
  synthesize({ ...MADE, identifierRound: round })
    [stack]?.all('SecretsManager::Secret')
    .find((it) => it.Properties['Description'].includes(HEADER))?.Properties[
    'GenerateSecretString'
  ];

/** The references of all callers to the identifiers in a round: of live channels, and of VOD assets. */
function listReferences(round: number): { live: string[]; vod: string[] } {
  const stack = synthesize({ ...MADE, identifierRound: round })['Vod'];
  assert.ok(stack !== undefined);
  const { Origins: origins } = stack.one('CloudFront::Distribution').Properties[
    'DistributionConfig'
  ];
  const headers = (origins as Properties[])
    .flatMap((it): Properties[] => it['OriginCustomHeaders'] ?? [])
    .filter((it) => it['HeaderName'] === HEADER)
    .map((it) => stack.text(it['HeaderValue']));
  const functions = stack
    .all('Lambda::Function')
    .map((it) => it.Properties['Environment']?.Variables.CDN_IDENTIFIER)
    .filter((it) => it !== undefined)
    .map((it) => stack.text(it));
  const ofLive = (reference: string) => reference.includes('<import>');
  return {
    live: [...headers, ...functions].filter(ofLive),
    vod: [...headers, ...functions].filter((it) => !ofLive(it)),
  };
}

test('a rotation of the CDN identifier reaches all of its users in two rounds, and none is refused', () => {
  const secrets = { live: new StoredSecret(), vod: new StoredSecret() };
  const sent: Record<string, (string | undefined)[]> = { live: [], vod: [] };
  for (const round of ROUNDS) {
    const references = listReferences(round);
    // The distribution, and create-clip, harvest-clip, update-clip, sweep-library and those of channels.
    assert.ok(
      references.live.length >= 8,
      `${references.live.length} users of the live identifier`,
    );
    assert.ok(references.vod.length >= 1);
    for (const [kind, stack] of [
      ['live', 'Live'],
      ['vod', 'Vod'],
    ] as const) {
      const secret = secrets[kind];
      const before = secret.accepted;
      secret.deploy(findProperty(stack, round));
      const values = new Set(references[kind].map((it) => secret.resolve(it)));
      assert.equal(values.size, 1, `round ${round}: all users send the same value`);
      const [value] = values;
      const isKnown = round === 1 || before.includes(value);
      assert.ok(isKnown, `round ${round}: MediaPackage may not know ${value} for ten minutes`);
      assert.ok(secret.accepted.includes(value), `round ${round}: ${value} is refused`);
      sent[kind]?.push(value);
    }
  }
  const expected = ['value 1', 'value 1', 'value 2', 'value 2', 'value 3'];
  assert.deepEqual(sent, { live: expected, vod: expected });
});

test('every user changes in every round, so that CloudFormation reads the secret again', () => {
  for (const round of ROUNDS.slice(1)) {
    const [before, after] = [listReferences(round - 1), listReferences(round)];
    for (const kind of ['live', 'vod'] as const)
      assert.ok(
        before[kind].every((it) => !after[kind].includes(it)),
        `round ${round}`,
      );
  }
});
