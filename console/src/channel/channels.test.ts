import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { paths } from '../api/contract.d.ts';
import { TestTimers } from '../clip/timers.testing.ts';
import { type Channel, Channels, conditionOf, controlOf } from './channels.svelte.ts';

function channel(name: string, state: Channel['state'], onAir = false): Channel {
  return {
    channel: name,
    competition: '100m',
    state,
    onAir,
    stalled: false,
    manifest: `https://clips.example.com/live/${name}/index.m3u8`,
    segmentSeconds: 2,
    startoverSeconds: 86_400,
    precision: 'segment',
    alerts: [],
  };
}

/** A store whose requests are answered by `reply`. */
function channels(reply: (request: Request) => unknown) {
  const timers = new TestTimers();
  const address = new Map<string, string>();
  const requests: string[] = [];
  async function fetch(request: Request): Promise<Response> {
    requests.push(`${request.method} ${new URL(request.url).pathname}`);
    return Response.json(reply(request));
  }
  const place = {
    get: (name: string) => address.get(name),
    set: (changes: { channel: string }) => void address.set('channel', changes.channel),
  };
  const api = createClient<paths>({ baseUrl: 'https://clips.example.com', fetch });
  return { store: new Channels({ api, place, timers }), timers, requests, address };
}

test('a running channel whose live edge stands has no picture', () => {
  assert.equal(conditionOf(channel('main', 'running', true)), 'on-air');
  assert.equal(conditionOf(channel('main', 'running', false)), 'no-picture');
});

test('a running channel whose live edge is older than 30 s is stalled', () => {
  assert.equal(conditionOf({ ...channel('main', 'running'), stalled: true }), 'stalled');
});

test('an encoder that is not ours is on air if its picture moves', () => {
  assert.equal(conditionOf(channel('main', 'unknown', true)), 'on-air');
  assert.equal(conditionOf(channel('main', 'unknown', false)), 'unknown');
  assert.equal(controlOf(channel('main', 'unknown', true)), undefined);
});

test('a changing channel can be neither started nor stopped', () => {
  const control = (state: Channel['state']) => controlOf(channel('main', state));
  assert.equal(control('idle'), 'start');
  assert.equal(control('running'), 'stop');
  for (const state of ['starting', 'stopping', 'updating', 'recovering', 'failed'] as const) {
    assert.equal(control(state), undefined);
  }
});

test('the first channel is selected until the operator chooses another', async () => {
  const { store, timers, address } = channels(() => ({
    channels: [channel('main', 'running'), channel('stadium', 'idle')],
  }));
  store.start();
  await timers.advance(0);
  assert.equal(store.selected?.channel, 'main');
  store.selectNext();
  assert.equal(store.selected?.channel, 'stadium');
  assert.equal(address.get('channel'), 'stadium');
  store.selectNext();
  assert.equal(store.selected?.channel, 'main');
  store.stop();
});

test('channels are read every 5 s, and after a start at once', async () => {
  let state: Channel['state'] = 'idle';
  const { store, timers, requests } = channels((request) => {
    if (request.method === 'GET') return { channels: [channel('main', state)] };
    state = 'starting';
    return channel('main', state);
  });
  store.start();
  await timers.advance(5_000);
  const started = store.control('main', 'start');
  assert.equal(store.changing.has('main'), true);
  await started;
  await timers.advance(0);
  assert.equal(store.changing.has('main'), false);
  assert.equal(store.all[0]?.state, 'starting');
  assert.deepEqual(requests, [
    'GET /api/channels',
    'GET /api/channels',
    'POST /api/channels/main/start',
    'GET /api/channels',
  ]);
  store.stop();
});
