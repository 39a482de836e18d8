/** Tests of the store of rules. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { paths } from '../api/contract.d.ts';
import { RequestFailed } from '../api/problem.ts';
import { draftOf, newDraft, type Rule, type RuleRequest, requestOf } from './rule.ts';
import { Rules } from './rules.svelte.ts';

const GOALS = requestOf({ ...newDraft(), name: 'Goals', labels: 'goal' });

/** A service that keeps rules and their versions. */
class TestService {
  readonly rules = new Map<string, Rule>();

  put(id: string, body: RuleRequest): Rule {
    const version = (this.rules.get(id)?.version ?? 0) + 1;
    const rule = { ...body, id, version, etag: `"${version}"` } as Rule;
    this.rules.set(id, rule);
    return rule;
  }

  fetch = async (request: Request): Promise<Response> => {
    const id = new URL(request.url).pathname.split('/')[3];
    if (request.method === 'GET') return Response.json({ rules: [...this.rules.values()] });
    if (request.method === 'POST') {
      const body = (await request.json()) as RuleRequest;
      return Response.json(this.put(`made-${this.rules.size}`, body), { status: 201 });
    }
    const rule = this.rules.get(id ?? '');
    if (!rule) return problem('not-found', 404);
    if (request.method === 'DELETE') {
      this.rules.delete(rule.id);
      return new Response(null, { status: 204 });
    }
    if (request.headers.get('if-match') !== rule.etag) return problem('precondition-failed', 412);
    const body = (await request.json()) as RuleRequest;
    if (!body.labels.length) return problem('invalid-field', 400, 'labels');
    return Response.json(this.put(rule.id, body));
  };
}

function problem(name: string, status: number, field?: string): Response {
  const type = `urn:matchcut:problem:${name}`;
  return Response.json({ type, title: '', status, detail: '', field }, { status });
}

async function open() {
  const service = new TestService();
  service.put('goals', GOALS);
  service.put('corners', { ...GOALS, name: 'Corners' });
  const rules = new Rules(
    createClient<paths>({ baseUrl: 'https://clips.example.com', fetch: service.fetch }),
  );
  await rules.load();
  const names = () => rules.all.map((it) => it.name);
  return { service, rules, names, goals: rules.all[1] as Rule };
}

test('rules are listed by name, and change with what is saved', async () => {
  const { rules, names, goals } = await open();
  assert.deepEqual(names(), ['Corners', 'Goals']);
  await rules.create({ ...GOALS, name: 'Finishes' });
  assert.deepEqual(names(), ['Corners', 'Finishes', 'Goals']);
  const saved = await rules.replace(goals, { ...GOALS, name: 'Aims' });
  assert.equal('rule' in saved && saved.rule.version, 2);
  assert.deepEqual(names(), ['Aims', 'Corners', 'Finishes']);
  await rules.remove(rules.all[0] as Rule);
  assert.deepEqual(names(), ['Corners', 'Finishes']);
});

test('a rule that somebody else has changed is not overwritten', async () => {
  const { service, rules, goals } = await open();
  service.put('goals', { ...GOALS, afterSeconds: 20 });
  const mine = { ...requestOf(draftOf(goals)), beforeSeconds: 30 };
  const saved = await rules.replace(goals, mine);
  assert.ok('theirs' in saved && saved.theirs);
  assert.equal(saved.theirs.afterSeconds, 20);
  const again = await rules.replace(saved.theirs, mine);
  assert.equal('rule' in again && again.rule.beforeSeconds, 30);
});

test('a rule that somebody else has deleted is gone', async () => {
  const { service, rules, names, goals } = await open();
  service.rules.delete('goals');
  assert.deepEqual(await rules.replace(goals, GOALS), { theirs: undefined });
  assert.deepEqual(names(), ['Corners']);
});

test('a refused field is reported', async () => {
  const { rules, goals } = await open();
  await assert.rejects(
    rules.replace(goals, { ...GOALS, labels: [] }),
    (failure) => failure instanceof RequestFailed && failure.problem?.field === 'labels',
  );
});
