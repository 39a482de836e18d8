/** Tests how the media of a private library is delivered. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { behavior, edge, origin } from './distribution.ts';
import { EXISTING, PRIVATE, vod, writeTwoGroups } from './synthesis.ts';

test('media of a private library needs cookies', () => {
  const stack = vod({ ...EXISTING, ...PRIVATE });
  const group = [{ Ref: stack.one('CloudFront::KeyGroup').id }];
  for (const path of [
    'out/v1/a/b/index.m3u8',
    'out/v1/a/b/index.mpd',
    'out/v1/a/b/1.ts',
    'thumbnails/a/b/0.jpg',
    'clips/a/b/1/index.m3u8',
  ]) {
    const private_ = `/vod/private/demo/${path}`;
    assert.deepEqual(behavior(private_, stack)['TrustedKeyGroups'], group, private_);
    assert.equal(
      stack.text(origin(`/vod/${path}`, stack)['DomainName']),
      '<DeliverySiteBucket>',
      `/vod/${path} must be an unknown file of the site`,
    );
  }
  assert.equal(
    stack.text(origin('/vod/private/demo/thumbnails/demo/b/0.jpg', stack)['DomainName']),
    '<ClipBucket>',
  );
  assert.equal(behavior('/vod/private/demo/x', vod())['TrustedKeyGroups'], undefined);
});

test('the seal of a private library binds an asset to its competition', () => {
  const stack = vod({ ...EXISTING, ...PRIVATE });
  const check = (uri: string, expected: string | number) =>
    assert.equal(edge(stack, 'SEAL_KEY', uri), expected, uri);
  const seal = 'bfbe02c35fa2853c05533303bcad4152';
  assert.equal(
    createHmac('sha256', '0'.repeat(64)).update('100m-dash/1d9c5b7a').digest('hex').slice(0, 32),
    seal,
  );
  const media = 'out/v1/1d9c5b7a/6e02f4/a81b3c/index.m3u8';
  check(`/vod/private/100m-dash/${seal}/${media}`, `/${media}`);
  check(`/vod/private/200m/${seal}/${media}`, 403);
  check(`/vod/private/100m-dash/${seal}/out/v1/another/6e02f4/a81b3c/index.m3u8`, 403);
  check(`/vod/private/100m-dash/${'0'.repeat(32)}/${media}`, 403);
  check(`/vod/private/100m-dash/${media}`, 403);
  check(`/vod/private/100m-dash/${seal}/out/v1/1d9c5b7a/../../v1/another/index.m3u8`, 403);
  check(
    '/vod/private/100m-dash/thumbnails/100m-dash/clip/0.jpg',
    '/thumbnails/100m-dash/clip/0.jpg',
  );
  check(
    '/vod/private/100m-dash/clips/100m-dash/clip/1/index.m3u8',
    '/clips/100m-dash/clip/1/index.m3u8',
  );
  check('/vod/private/100m-dash/clips/200m/clip/1/index.m3u8', 403);
  check('/vod/private/100m-dash/thumbnails/200m/clip/0.jpg', 403);
  check('/vod/private/100m-dash/thumbnails/100m-dash/../200m/clip/0.jpg', 403);
  check('/vod/private/100m-dash/thumbnails/100m-dash/%2e%2e/200m/clip/0.jpg', 403);
});

test('in a private library, the number of the packaging group follows the seal', () => {
  const stack = vod({ ...EXISTING, ...PRIVATE, packagingGroups: writeTwoGroups() });
  const seal = 'bfbe02c35fa2853c05533303bcad4152';
  const hosts = (path: string) =>
    stack.text(origin(path, stack)['DomainName']['Fn::Select'][1]['Fn::Split'][1]);
  for (const file of ['index.m3u8', 'index.mpd', 'index_1_2.ts']) {
    for (const competition of ['100m-dash', '2']) {
      const media = `out/v1/1d9c5b7a/6e02f4/a81b3c/${file}`;
      const [first, second] = ['', '/2'].map(
        (path) => `/vod/private/${competition}/${seal}${path}/${media}`,
      );
      assert.equal(hosts(first ?? ''), '<AssetPackagingGroup>', first);
      assert.equal(hosts(second ?? ''), '<AssetPackagingsecondGroup>', second);
      assert.ok(behavior(second ?? '', stack)['TrustedKeyGroups'], second);
      assert.equal(edge(stack, 'SEAL_KEY', second ?? ''), competition === '2' ? 403 : `/${media}`);
    }
  }
});
