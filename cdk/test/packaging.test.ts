import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { parseFormat, readPackagingGroups } from '../lib/asset/packaging-groups.ts';
import { EXISTING, vod, writeTwoGroups } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'matchcut-packaging-'));
after(() => rmSync(folder, { recursive: true }));

const file = (id: string, ...configurations: string[]) => ({
  id,
  packagingConfigurations: configurations.map((it) => ({ id: it, hlsPackage: {} })),
});

function check(files: Record<string, unknown>, expected: RegExp | string[]): void {
  const at = mkdtempSync(join(folder, 'groups-'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(at, name), JSON.stringify(content));
  if (Array.isArray(expected))
    assert.deepEqual(
      readPackagingGroups(at).map(({ id }) => id),
      expected,
    );
  else assert.throws(() => readPackagingGroups(at), expected);
}

test('groups are filled in the order of their files, the default one first', () => {
  check({ 'default.json': file('a', 'hls') }, ['a']);
  check(
    {
      'b.json': file('b', 'hls-2'),
      'default.json': file('d', 'hls'),
      'z.json': file('z', 'hls-3'),
      'READ.me': {},
    },
    ['d', 'b', 'z'],
  );
});

test('groups that conflict are refused', () => {
  const first = file('a', 'hls', 'dash');
  check({ 'b.json': first }, /default\.json was not found/);
  check(
    { 'default.json': first, 'b.json': file('b', 'hls', 'dash-2') },
    /configuration hls in b\.json is also in default\.json\. .* use hls-2/,
  );
  check(
    { 'default.json': first, 'b.json': file('a', 'hls-2', 'dash-2') },
    /group a in b\.json is also in default\.json/,
  );
  check(
    { 'default.json': first, 'b.json': file('b', 'hls-2') },
    /b\.json has the formats hls, but default\.json has dash and hls/,
  );
  assert.throws(
    () => readPackagingGroups(join(folder, 'none')),
    /SettingsError: Could not read the folder of packaging groups/,
  );
});

test('the id of a configuration begins with its format', () => {
  assert.deepEqual(['hls', 'hls-2', 'dash-second-one'].map(parseFormat), ['hls', 'hls', 'dash']);
});

test('functions that create assets get every group and its path prefix', () => {
  const stack = vod({ ...EXISTING, packagingGroups: writeTwoGroups() });
  for (const bin of ['harvest-complete', 'transcode-complete', 'sweep-library']) {
    const groups = stack.text(
      stack.function(bin).Properties['Environment'].Variables.PACKAGING_GROUPS,
    );
    assert.equal(
      groups,
      '[{"id":"<AssetPackagingGroup>","path":""},{"id":"<AssetPackagingsecondGroup>","path":"/2"}]',
      bin,
    );
  }
});

test('a playable format of any group starts asset-playable', () => {
  const stack = vod({ ...EXISTING, packagingGroups: writeTwoGroups() });
  const rule = stack
    .all('Events::Rule')
    .find((it) => it.Properties['EventPattern']?.detail?.event?.[0] === 'VodAssetPlayable');
  assert.deepEqual(rule?.Properties['EventPattern'].detail.packaging_configuration_id, [
    'matchcut-hls',
    'matchcut-dash',
    'matchcut-hls-2',
    'matchcut-dash-2',
  ]);
});

test('the logical id of the first group does not change', () => {
  const one = vod().one('MediaPackage::PackagingGroup');
  const [first, second] = vod({ ...EXISTING, packagingGroups: writeTwoGroups() }).all(
    'MediaPackage::PackagingGroup',
  );
  assert.deepEqual([first?.id, first?.Properties['Id']], [one.id, 'matchcut-default']);
  assert.equal(second?.Properties['Id'], 'matchcut-second');
});

test('the sweep can count only the assets of our groups', () => {
  const stack = vod({ ...EXISTING, packagingGroups: writeTwoGroups() });
  const counted = stack
    .listGrants('sweep-library')
    .filter((it) => it.startsWith('mediapackage-vod:DescribePackagingGroup'));
  const group = (id: string) =>
    `mediapackage-vod:DescribePackagingGroup arn:<AWS::Partition>:mediapackage-vod:eu-central-1:111122223333:packaging-groups/${id}`;
  assert.deepEqual(counted, [group('matchcut-default'), group('matchcut-second')]);
});
