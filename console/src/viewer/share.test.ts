/** Tests of what people take away from a clip. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipAt } from './clips.testing.ts';
import { clipLink, embedCode, manifestOf } from './share.ts';

const origin = 'https://clips.example.com';
const clip = clipAt(5);

test('a link starts at a whole second, if it is not the first', () => {
  assert.equal(clipLink(origin, clip), `${origin}/c/demo/${clip.clip}`);
  assert.equal(clipLink(origin, clip, 0.9), `${origin}/c/demo/${clip.clip}`);
  assert.equal(clipLink(origin, clip, 7.9), `${origin}/c/demo/${clip.clip}?t=7`);
});

test('the embed code has no markup of the title', () => {
  const code = embedCode(origin, clip, '"><script>alert(1)</script>&', 7);
  assert.match(code, /title="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;"/);
  assert.match(code, new RegExp(`src="${origin}/embed/demo/${clip.clip}\\?t=7"`));
  assert.equal(code.match(/</g)?.length, 2);
});

test('the manifest of a format is found by the id of its packaging configuration', () => {
  const manifests = { 'dash-2': 'c', dashing: 'x', 'hls-2': 'b', 'hls-10': 'a' };
  const other = clipAt(5, { manifests });
  assert.equal(manifestOf(other, 'dash'), 'c');
  assert.equal(manifestOf(other, 'hls'), 'a');
  assert.equal(manifestOf(clip, 'dash'), undefined);
});
