import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { paths } from '../api/contract.d.ts';
import { PlaybackCookies } from './playback-cookies.ts';

const HOUR = 3_600_000;

function cookies(isPrivate: boolean) {
  let now = 0;
  const requests: string[] = [];
  const replies: Response[] = [];
  async function fetch(request: Request): Promise<Response> {
    requests.push(new URL(request.url).pathname);
    const expiresAt = new Date(now + HOUR).toISOString();
    return replies.shift() ?? Response.json({ expiresAt });
  }
  const api = createClient<paths>({ baseUrl: 'https://clips.example.com', fetch });
  const it = new PlaybackCookies(api, isPrivate, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { it, requests, replies, pass };
}

test('a public library needs no cookies', async () => {
  const { it, requests } = cookies(false);
  await it.ensure('100m');
  assert.deepEqual(requests, []);
});

test('cookies of a competition are asked for once, and again before they end', async () => {
  const { it, requests, pass } = cookies(true);
  await Promise.all([it.ensure('100m'), it.ensure('100m')]);
  assert.deepEqual(requests, ['/api/competitions/100m/playback']);
  pass(0.9 * HOUR);
  await it.ensure('100m');
  assert.equal(requests.length, 1);
  pass(0.05 * HOUR);
  await it.ensure('100m');
  assert.equal(requests.length, 2);
  await it.ensure('200m');
  assert.equal(requests.length, 3);
});

test('a failed request is not remembered', async () => {
  const { it, replies } = cookies(true);
  replies.push(new Response(null, { status: 503 }));
  await assert.rejects(it.ensure('100m'));
  await it.ensure('100m');
});
