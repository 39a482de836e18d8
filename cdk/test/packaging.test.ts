import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { formatOf, readPackagingGroups } from '../lib/asset/packaging-groups.ts';
import { EXISTING, twoGroups, vod } from './synthesis.ts';

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

test('groups that cannot stand side by side are refused', () => {
  const first = file('a', 'hls', 'dash');
  check({ 'b.json': first }, /There is no default\.json/);
  check(
    { 'default.json': first, 'b.json': file('b', 'hls', 'dash-2') },
    /configuration hls of b\.json is one of default\.json already; call it hls-2/,
  );
  check(
    { 'default.json': first, 'b.json': file('a', 'hls-2', 'dash-2') },
    /group a of b\.json is one of default\.json already/,
  );
  check(
    { 'default.json': first, 'b.json': file('b', 'hls-2') },
    /b\.json makes clips playable as hls, default\.json as dash and hls/,
  );
  assert.throws(
    () => readPackagingGroups(join(folder, 'none')),
    /SettingsError: The folder of packaging groups cannot be read/,
  );
});

test('the format of a configuration is what its id begins with', () => {
  assert.deepEqual(['hls', 'hls-2', 'dash-second-one'].map(formatOf), ['hls', 'hls', 'dash']);
});

test('whoever makes assets knows every group, and the paths its manifests are served under', () => {
  const stack = vod({ ...EXISTING, packagingGroups: twoGroups() });
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

test('a format that plays is heard of, whichever group it is of', () => {
  const stack = vod({ ...EXISTING, packagingGroups: twoGroups() });
  const rule = stack
    .all('Events::Rule')
    .find((it) => it.Properties['EventPattern']?.detail?.event?.[0] === 'VodAssetPlayable');
  assert.deepEqual(rule?.Properties['EventPattern'].detail.packaging_configuration_id, [
    'hls',
    'dash',
    'hls-2',
    'dash-2',
  ]);
});

test('the first group keeps its name in the stack: one that is deployed stays', () => {
  const one = vod().one('MediaPackage::PackagingGroup');
  const [first, second] = vod({ ...EXISTING, packagingGroups: twoGroups() }).all(
    'MediaPackage::PackagingGroup',
  );
  assert.deepEqual([first?.id, first?.Properties['Id']], [one.id, 'matchcut-default']);
  assert.equal(second?.Properties['Id'], 'matchcut-second');
});

test('the sweep counts the assets of these groups, and of no others', () => {
  const stack = vod({ ...EXISTING, packagingGroups: twoGroups() });
  const counted = stack
    .grantsOf('sweep-library')
    .filter((it) => it.startsWith('mediapackage-vod:DescribePackagingGroup'));
  const group = (id: string) =>
    `mediapackage-vod:DescribePackagingGroup arn:<AWS::Partition>:mediapackage-vod:eu-central-1:111122223333:packaging-groups/${id}`;
  assert.deepEqual(counted, [group('matchcut-default'), group('matchcut-second')]);
});
