import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readDeploySettings } from '../tools/arguments.ts';
import { readEndpoints } from '../tools/endpoints.ts';
import { type Answer, fakeAws } from './fake-aws.ts';
import { ENDPOINT, EXISTING, type Properties, vod } from './synthesis.ts';

const CHANNELS = ['a', 'b'].map((id) => ({
  id,
  competition: 'demo',
  originEndpoint: { ...ENDPOINT, id: `endpoint-${id}` },
}));

const describeEndpoint = (id: string, hls: object, others: object = {}) => ({
  id,
  startoverWindowSeconds: 7200,
  hlsPackage: { segmentDurationSeconds: 4, programDateTimeIntervalSeconds: 4, ...hls },
  ...others,
});

async function read(endpoints: readonly object[], channels: readonly object[] = CHANNELS) {
  const answers: Record<string, Answer> = {
    'GET /origin_endpoints': ({ nextToken }) =>
      nextToken === undefined
        ? { originEndpoints: endpoints.slice(0, 1), nextToken: 'more' }
        : { originEndpoints: endpoints.slice(1) },
  };
  const { aws } = await fakeAws(endpoints.length === 0 ? {} : answers);
  const settings = readDeploySettings({
    region: 'eu-central-1',
    channels: JSON.stringify(channels),
    encoders: '203.0.113.7/32',
  });
  return readEndpoints(aws, settings);
}

/** The channels, as the functions see them. */
const listDurations = (channels: unknown) => {
  const stack = vod({ ...EXISTING, channels });
  const text = stack.text(
    stack.function('create-clip').Properties['Environment'].Variables.CHANNELS,
  );
  return (JSON.parse(text) as Properties[]).map((it) => [
    it['segmentSeconds'],
    it['startoverSeconds'],
  ]);
};

test('each channel has the segments and the startover window of its endpoint', async () => {
  const { channels, findings } = await read([
    describeEndpoint('endpoint-b', { segmentDurationSeconds: 1 }, { startoverWindowSeconds: 600 }),
    describeEndpoint('of-another-team', {}),
    describeEndpoint('endpoint-a', { segmentDurationSeconds: undefined }),
  ]);
  assert.deepEqual(findings, [
    { kind: 'ok', text: 'origin endpoints: clips can be cut from all 2' },
  ]);
  // As `make deploy` passes them to the CDK.
  assert.deepEqual(listDurations(JSON.stringify(channels)), [
    [6, 7200],
    [1, 600],
  ]);
  assert.deepEqual(listDurations(CHANNELS), [
    [2, 86_400],
    [2, 86_400],
  ]);
});

test('an endpoint from which no clips can be cut is refused with the remedy', async () => {
  const fine = describeEndpoint('endpoint-a', {});
  const check = async (other: object | undefined, expected: RegExp) => {
    const { findings } = await read(other === undefined ? [fine] : [fine, other]);
    assert.equal(findings.length, 1);
    assert.equal(findings[0]?.kind, 'missing');
    assert.match(findings[0]?.text ?? '', expected);
  };
  await check(
    undefined,
    /^The origin endpoint endpoint-b of channel b does not exist in this region\./,
  );
  await check(
    describeEndpoint('endpoint-b', {}, { hlsPackage: undefined }),
    /is not an HLS endpoint\. Create one/,
  );
  await check(
    describeEndpoint('endpoint-b', { encryption: { spekeKeyProvider: {} } }),
    /is encrypted\. Create an unencrypted one/,
  );
  await check(
    describeEndpoint('endpoint-b', {}, { startoverWindowSeconds: 0 }),
    /has no startover window\. Set one/,
  );
  await check(
    describeEndpoint('endpoint-b', { programDateTimeIntervalSeconds: 0 }),
    /writes no PROGRAM-DATE-TIME\. Set its interval/,
  );
});

test('without permission to read endpoints, the settings hold', async () => {
  const { channels, findings } = await read([]);
  assert.equal(channels, undefined);
  assert.match(
    findings[0]?.text ?? '',
    /^Could not read the origin endpoints \(AccessDeniedException\)/,
  );
  assert.equal(findings[0]?.kind, 'note');
  const own = { segmentSeconds: 3, startoverSeconds: 900 };
  const [channel] = CHANNELS;
  assert.deepEqual(
    listDurations([{ ...channel, originEndpoint: { ...channel?.originEndpoint, ...own } }]),
    [[3, 900]],
  );
});

test('a deployment with channels of its own only reads no endpoint', async () => {
  const { channels, findings } = await read([], [{ id: 'main', competition: 'demo' }]);
  assert.deepEqual([channels, findings], [undefined, []]);
});
