import assert from 'node:assert/strict';
import { test } from 'node:test';

import { drainAssets, stopChannel } from '../tools/drain.ts';
import { fakeAws, Refusal } from './fake-aws.ts';

test('all assets of a group are deleted, including those created meanwhile', async () => {
  const assets = new Set(Array.from({ length: 230 }, (_, at) => `demo_${at}`));
  let late = 1;
  const { aws, calls } = await fakeAws({
    'GET /assets': ({ packagingGroupId, nextToken, maxResults }) => {
      assert.equal(packagingGroupId, 'matchcut');
      const from = Number(nextToken ?? 0);
      const page = [...assets].slice(from, from + Number(maxResults)).map((id) => ({ id }));
      return {
        assets: page,
        ...(from + page.length < assets.size ? { nextToken: String(from + page.length) } : {}),
      };
    },
    'DELETE /assets/*': (_, path) => {
      assets.delete(path.slice('/assets/'.length));
      if (late > 0) assets.add(`late_${late--}`);
      return {};
    },
  });
  assert.equal(await drainAssets(aws.vod, 'matchcut', { pollMs: 0 }), 231);
  assert.equal(assets.size, 0);
  assert.equal(calls.filter((call) => call.startsWith('DELETE')).length, 231);
});

test('throttled calls and missing assets do not stop the deletion', async () => {
  const assets = new Set(['a', 'b']);
  let refusals = 2;
  const { aws } = await fakeAws({
    'GET /assets': () => ({ assets: [...assets].map((id) => ({ id })) }),
    'DELETE /assets/*': (_, path) => {
      if (refusals-- > 0) return new Refusal('TooManyRequestsException', 429);
      const there = assets.delete(path.slice('/assets/'.length));
      return there && path.endsWith('a') ? {} : new Refusal('NotFoundException', 404);
    },
  });
  assert.equal(await drainAssets(aws.vod, 'matchcut', { pollMs: 0 }), 2);
});

test('a missing group has no assets to delete', async () => {
  const { aws } = await fakeAws({ 'GET /assets': () => new Refusal('NotFoundException', 404) });
  assert.equal(await drainAssets(aws.vod, 'matchcut'), 0);
});

test('a channel is stopped', async () => {
  const check = async (states: readonly string[], ran: boolean, stops: number) => {
    const left = [...states];
    const { aws, calls } = await fakeAws({
      'GET /prod/channels/1': () => ({ state: left.length > 1 ? left.shift() : left[0] }),
      'POST /prod/channels/1/stop': () => ({ state: 'STOPPING' }),
    });
    assert.equal(await stopChannel(aws.mediaLive, '1', 0), ran, states.join());
    assert.equal(calls.filter((call) => call.endsWith('/stop')).length, stops, states.join());
  };
  await check(['RUNNING', 'STOPPING', 'STOPPING', 'IDLE'], true, 1);
  await check(['STARTING', 'RUNNING', 'STOPPING', 'IDLE'], true, 1);
  await check(['STOPPING', 'IDLE'], true, 0);
  await check(['IDLE'], false, 0);
  await check(['DELETED'], false, 0);
});

test('a missing channel is not running', async () => {
  const { aws } = await fakeAws({
    'GET /prod/channels/1': () => new Refusal('NotFoundException', 404),
  });
  assert.equal(await stopChannel(aws.mediaLive, '1', 0), false);
});
