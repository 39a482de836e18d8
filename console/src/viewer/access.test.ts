/** Tests of the access to a private library. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Access } from './access.svelte.ts';
import type { ViewerLogin } from './viewer-login.ts';

const manifest = 'https://clips.example.com/vod/private/demo/x/index.m3u8';

/** A service that grants cookies, and the requests that it got. */
function service({ manifestStatus = 403, grantStatus = 200, lifeMs = 3_600_000 } = {}) {
  const asked: string[] = [];
  const fetcher = async (url: unknown, init?: RequestInit) => {
    const method = init?.method ?? 'GET';
    asked.push(`${method} ${String(url)} ${init?.credentials}`);
    if (method === 'GET') return new Response('', { status: manifestStatus });
    const expiresAt = new Date(Date.now() + lifeMs).toISOString();
    return new Response(JSON.stringify({ expiresAt }), { status: grantStatus });
  };
  return { asked, fetcher: fetcher as typeof fetch };
}

const login = (token?: string) => ({ token: async () => token }) as ViewerLogin;
const grant = 'POST /api/competitions/demo/playback include';

test('a public library is open without a request', async () => {
  const { asked, fetcher } = service();
  const access = new Access('demo', { private: false }, undefined, fetcher);
  await access.open(manifest);
  assert.equal(access.stage, 'open');
  assert.deepEqual(asked, []);
});

test('a viewer who has signed in gets cookies before the first segment', async () => {
  const { asked, fetcher } = service();
  const access = new Access('demo', { private: true }, login('token'), fetcher);
  assert.equal(access.stage, 'checking');
  await access.open(manifest);
  assert.equal(access.stage, 'open');
  assert.deepEqual(asked, [grant]);
  access.destroy();
});

test('cookies are renewed before they end', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  try {
    const { asked, fetcher } = service();
    const access = new Access('demo', { private: true }, login('token'), fetcher);
    await access.open(manifest);
    mock.timers.tick(54 * 60_000);
    assert.equal(asked.length, 1);
    mock.timers.tick(60_000);
    await new Promise(setImmediate);
    assert.deepEqual(asked, [grant, grant]);
    access.destroy();
  } finally {
    mock.timers.reset();
  }
});

test('without a login, cookies of an earlier page are tried', async () => {
  const { asked, fetcher } = service({ manifestStatus: 200 });
  const access = new Access('demo', { private: true }, login(), fetcher);
  await access.open(manifest);
  assert.equal(access.stage, 'open');
  assert.deepEqual(asked, [`GET ${manifest} include`]);
});

test('without cookies the viewer has to sign in', async () => {
  const access = new Access('demo', { private: true }, login(), service().fetcher);
  await access.open(manifest);
  assert.equal(access.stage, 'signIn');
});

test('an account without the scope is refused', async () => {
  const { fetcher } = service({ grantStatus: 403 });
  const access = new Access('demo', { private: true }, login('token'), fetcher);
  await access.open(manifest);
  assert.equal(access.stage, 'refused');
});

test('refused media asks for new cookies, then for a login', async () => {
  const { fetcher } = service();
  const access = new Access('demo', { private: true }, login('token'), fetcher);
  await access.reopen();
  assert.equal(access.stage, 'open');
  access.destroy();
  const without = new Access('demo', { private: true }, login(), fetcher);
  await without.reopen();
  assert.equal(without.stage, 'signIn');
});
