/** Tests of the exports of a clip. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { paths } from '../api/contract.d.ts';
import { RequestFailed } from '../api/problem.ts';
import { TestTimers } from '../clip/timers.testing.ts';
import { type Export, Exports } from './exports.svelte.ts';

function open(status?: Export['status']) {
  const timers = new TestTimers();
  const made: Partial<Export>[] = status ? [{ export: 'a', status }] : [];
  const keys: (string | null)[] = [];
  const service = {
    reads: 0,
    keys,
    made,
    refusal: undefined as { status: number; type: string } | undefined,
    isAway: false,
  };
  const fetch = async (request: Request): Promise<Response> => {
    if (request.method === 'GET') {
      service.reads += 1;
      return Response.json({ exports: made });
    }
    keys.push(request.headers.get('idempotency-key'));
    if (service.isAway) throw new TypeError('fetch failed');
    if (service.refusal) {
      const problem = { ...service.refusal, title: '', detail: '' };
      return Response.json(problem, { status: service.refusal.status });
    }
    made.unshift({ export: 'b', status: 'encoding', progress: 0 });
    return Response.json(made[0], { status: 202 });
  };
  const api = createClient<paths>({ baseUrl: 'https://clips.example.com', fetch });
  const exports = new Exports(api, { competition: '100m', clip: 'c' }, timers);
  return { exports, service, timers };
}

test('exports are read once, and again only while one is in progress', async () => {
  const { exports, service, timers } = open('ready');
  exports.start();
  await timers.advance(60_000);
  assert.equal(service.reads, 1);
  await exports.create({ aspect: '9:16', crop: 0.25 });
  assert.equal(exports.all[0]?.status, 'encoding');
  await timers.advance(10_000);
  const reads = service.reads;
  assert.ok(reads >= 5, `${reads} reads`);
  service.made[0] = { export: 'b', status: 'ready', url: 'https://media.example.com/b.mp4' };
  await timers.advance(60_000);
  assert.ok(service.reads <= reads + 2);
  assert.equal(exports.all[0]?.status, 'ready');
  exports.stop();
});

test('nothing is read once the clip is closed', async () => {
  const { exports, service, timers } = open('encoding');
  exports.start();
  await timers.advance(5_000);
  exports.stop();
  const { reads } = service;
  await timers.advance(60_000);
  assert.equal(service.reads, reads);
});

test('an export whose reply is lost is sent again with its key, another one with its own', async () => {
  const { exports, service } = open();
  service.isAway = true;
  await assert.rejects(exports.create({ aspect: '1:1' }), RequestFailed);
  await assert.rejects(exports.create({ aspect: '4:5' }), RequestFailed);
  await assert.rejects(exports.create({ aspect: '4:5' }), RequestFailed);
  assert.equal(service.keys[1], service.keys[2]);
  assert.notEqual(service.keys[0], service.keys[1]);
  service.isAway = false;
  service.refusal = { status: 409, type: 'urn:matchcut:problem:too-many-exports' };
  await assert.rejects(exports.create({ aspect: '4:5' }), RequestFailed);
  service.refusal = undefined;
  await exports.create({ aspect: '4:5' });
  assert.equal(service.keys[2], service.keys[3]);
  assert.notEqual(service.keys[3], service.keys[4]);
  exports.stop();
});

test('an address that is nearly an hour old is read again before it is used', async () => {
  const { exports, service, timers } = open('ready');
  exports.start();
  await timers.advance(1_000);
  service.made[0] = { export: 'a', status: 'ready', url: 'https://media.example.com/new' };
  assert.equal((await exports.renew('a'))?.url, undefined);
  await timers.advance(50 * 60_000);
  assert.equal((await exports.renew('a'))?.url, 'https://media.example.com/new');
  assert.equal(service.reads, 2);
});
