/** Tests of rules as the form has them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../api/problem.ts';
import {
  asRequest,
  changedFields,
  draftOf,
  editOf,
  fieldOf,
  newDraft,
  type Rule,
  rebase,
  requestOf,
} from './rule.ts';

const RULE: Rule = {
  id: 'goals-k7qx2f',
  name: 'Goals',
  enabled: true,
  labels: ['goal', 'penalty'],
  tags: { team: 'home', score: '2:1' },
  minConfidence: 0,
  beforeSeconds: 12,
  afterSeconds: 6,
  mode: 'clip',
  title: '{label} {tags.player}',
  clipTags: ['{label}', 'highlight'],
  listed: false,
  minIntervalSeconds: 30,
  merge: false,
  excludeLabels: ['ad-break'],
  version: 3,
  createdAt: '2020-02-03T13:00:00Z',
  updatedAt: '2020-02-03T13:10:00Z',
  etag: '"3"',
};

test('a rule is the same after the form', () => {
  const { id: _, version: __, createdAt: ___, updatedAt: ____, etag: _____, ...fields } = RULE;
  assert.deepEqual(requestOf(draftOf(RULE)), fields);
});

test('a field that is not edited keeps its value, also with commas', () => {
  const rule = { ...RULE, labels: ['goal, disallowed'], description: 'A goal.' };
  assert.deepEqual(editOf(rule, draftOf(rule)), asRequest(rule));
  const edited = editOf(rule, { ...draftOf(rule), title: '{label}', description: '' });
  assert.deepEqual(edited.labels, ['goal, disallowed']);
  assert.deepEqual([edited.title, edited.description], ['{label}', undefined]);
});

test('an edit is kept beside what somebody else has changed', () => {
  const mine = { ...draftOf(RULE), beforeSeconds: 20, title: 'Goal', merge: true };
  const theirs = { ...RULE, afterSeconds: 30, title: 'Goal', listed: true };
  const { draft, conflicts } = rebase(RULE, mine, theirs);
  assert.deepEqual(conflicts, [], 'both have the same title');
  assert.deepEqual(draft, { ...mine, afterSeconds: 30, listed: true });
  assert.deepEqual(rebase(RULE, mine, { ...theirs, title: 'Tor' }).conflicts, ['title']);
});

test('an empty field is left out, so that it gets its default', () => {
  const draft = { ...newDraft(), name: ' Goals ', labels: 'goal, , penalty,' };
  assert.deepEqual(requestOf(draft), {
    name: 'Goals',
    enabled: true,
    labels: ['goal', 'penalty'],
    beforeSeconds: 10,
    afterSeconds: 5,
    mode: 'suggest',
    title: '{label}',
    listed: true,
    merge: true,
    minIntervalSeconds: 0,
  });
});

test('the tags of marks are pairs', () => {
  const draft = { ...newDraft(), tags: 'team: home, score: 2:1, half' };
  assert.deepEqual(requestOf(draft).tags, { team: 'home', score: '2:1', half: '' });
});

test('a problem names a field of the form', () => {
  const of = (field?: string) => fieldOf({ field } as Problem);
  assert.deepEqual(
    ['labels[1]', 'rule.beforeSeconds', 'tags.player', 'rule', 'channel', undefined].map(of),
    ['labels', 'beforeSeconds', 'tags', undefined, undefined, undefined],
  );
});

test('the fields that differ', () => {
  assert.deepEqual(changedFields(RULE, requestOf(draftOf(RULE))), []);
  assert.deepEqual(changedFields(RULE, { ...requestOf(draftOf(RULE)), labels: ['goal'] }), [
    'labels',
  ]);
});
