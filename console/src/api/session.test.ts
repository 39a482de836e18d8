/** Tests of the session: renewal, refusal, and the popup. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { createApi } from './client.ts';
import type { LoginProvider, Tokens } from './login.ts';
import { usernameOf } from './login.ts';
import { Session } from './session.svelte.ts';

/** The page after the provider has sent the browser back. */
function page(): Window {
  const values = new Map([
    ['matchcut.login', JSON.stringify({ verifier: 'v', state: 's', hash: '#in=1' })],
  ]);
  return {
    location: { search: '?code=c&state=s', pathname: '/console', hash: '' },
    history: { replaceState: () => undefined },
    sessionStorage: {
      getItem: (name: string) => values.get(name) ?? null,
      removeItem: (name: string) => values.delete(name),
    },
    performance: { getEntriesByType: () => [] },
  } as unknown as Window;
}

/** A provider whose answers to refreshes are given. */
function provider(refreshes: (Tokens | Error)[], first: Partial<Tokens> = {}) {
  const used: string[] = [];
  const tokens = {
    access: 't0',
    refresh: 'r0',
    expiresAt: Date.now() + 3_600_000,
    username: 'anna',
  };
  return {
    used,
    finish: async () => ({ ...tokens, ...first }),
    refresh: async (refresh: string) => {
      used.push(refresh);
      const next = refreshes.shift() ?? new Error('no more');
      if (next instanceof Error) throw next;
      return next;
    },
  };
}

const renewed = {
  access: 't1',
  refresh: 'r1',
  expiresAt: Date.now() + 3_600_000,
  username: 'anna',
};
const refused = Object.assign(Object.create(oauth.ResponseBodyError.prototype), {
  message: 'invalid_grant',
}) as Error;

async function session(of: ReturnType<typeof provider>): Promise<Session> {
  const made = new Session(of as unknown as LoginProvider, page());
  await made.resume();
  return made;
}

describe('a session', () => {
  // The renewal of a valid token is half an hour away. All test files share one process, so hooks
  // outside of a group would act on the tests of every file.
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  test('an expired token is renewed once for all requests that wait', async () => {
    const of = provider([renewed], { expiresAt: Date.now() - 1 });
    const it = await session(of);
    assert.deepEqual(await Promise.all([it.token(), it.token()]), ['t1', 't1']);
    assert.deepEqual(of.used, ['r0']);
    assert.equal(it.state, 'in');
  });

  test('a request that is answered 401 is sent again with another token', async () => {
    const it = await session(provider([renewed]));
    const sent: (string | null)[] = [];
    const api = createApi(it, async (input) => {
      const request = input as Request;
      sent.push(request.headers.get('authorization'));
      return new Response('{}', {
        status: sent.length === 1 ? 401 : 200,
        headers: { 'content-type': 'application/json' },
      });
    });
    const reply = await api.POST('/api/clip', {
      baseUrl: 'http://127.0.0.1',
      body: { lastSeconds: 15 },
    });
    assert.equal(reply.response.status, 200);
    assert.deepEqual(sent, ['Bearer t0', 'Bearer t1']);
  });

  test('a refused renewal ends the session, and the page stays', async () => {
    const it = await session(provider([refused], { expiresAt: Date.now() - 1 }));
    assert.equal(await it.token(), undefined);
    assert.equal(it.state, 'expired');
    assert.equal(it.username, 'anna');
  });

  test('a provider that is away does not end the session', async () => {
    const of = provider([new TypeError('failed to fetch')], { expiresAt: Date.now() - 1 });
    const it = await session(of);
    await it.token();
    assert.equal(it.state, 'in');
  });

  test('the name is the claim name, else the username', () => {
    const token = (claims: object) =>
      `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
    assert.equal(usernameOf(token({ name: 'Ännä', username: 'u', sub: 's' })), 'Ännä');
    assert.equal(usernameOf(token({ username: 'u', sub: 's' })), 'u');
    assert.equal(usernameOf('nonsense'), '');
  });
});
