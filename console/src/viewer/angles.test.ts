/** Tests of the angles of a clip. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Angles } from './angles.svelte.ts';
import type { Clip } from './part.ts';
import type { Reply } from './requests.ts';

const NAME = { competition: '100m', clip: 'main' };
const GROUP = ['main', 'finish', 'roof'].map((channel) => ({ channel, clip: channel }));

function clipOf(clip: string, changes: Partial<Clip> = {}): Clip {
  return { ...NAME, clip, source: 'live', manifest: `/${clip}.m3u8`, ...changes } as Clip;
}

/** Angles whose requests are answered with the clip that was asked for, or with nothing. */
function anglesOf(missing: string[] = []) {
  const asked: string[] = [];
  const angles = new Angles(NAME, async ({ clip }): Promise<Reply<Clip>> => {
    asked.push(clip);
    if (missing.includes(clip)) return { status: 404 };
    return { status: 200, data: clipOf(clip, { angles: GROUP }) };
  });
  return { angles, asked };
}

test('only a clip of a list is read for its angles', async () => {
  const { angles, asked } = anglesOf();
  await angles.find(clipOf('main', { angles: GROUP }), false);
  assert.deepEqual([angles.all, angles.chosen, asked], [GROUP, 0, []]);
  await angles.find(clipOf('main'), true);
  assert.deepEqual([angles.all, asked], [GROUP, ['main']]);
  const upload = anglesOf();
  await upload.angles.find(clipOf('main', { source: 'upload' }), true);
  assert.deepEqual([upload.angles.all, upload.asked], [[], []]);
});

test('a chosen angle is shown until the clip of the page is chosen again', async () => {
  const { angles } = anglesOf();
  await angles.find(clipOf('main', { angles: GROUP }), false);
  await angles.choose(2);
  assert.equal(angles.clip?.clip, 'roof');
  const slow = angles.choose(1);
  await angles.choose(0);
  await slow;
  assert.deepEqual([angles.clip, angles.chosen], [undefined, 0]);
});

test('an angle that is gone is no longer offered', async () => {
  const { angles } = anglesOf(['finish']);
  await angles.find(clipOf('main', { angles: GROUP }), false);
  await angles.choose(1);
  assert.deepEqual([angles.all.map((it) => it.clip), angles.clip], [['main', 'roof'], undefined]);
  await angles.choose(1);
  assert.equal(angles.clip?.clip, 'roof');
  angles.lose('roof');
  assert.deepEqual([angles.all, angles.clip, angles.chosen], [[], undefined, -1]);
});
