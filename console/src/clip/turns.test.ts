import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('tasks of one clip run in turn, also after a failure; other clips do not wait', async () => {
  const turns = new Turns();
  const ended: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = turns.run('a', async () => {
    await held;
    ended.push('first');
    throw new Error('the first task fails');
  });
  const second = turns.run('a', async () => void ended.push('second'));
  await turns.run('b', async () => void ended.push('other'));
  release();
  await assert.rejects(first, /the first task fails/);
  await second;
  assert.deepEqual(ended, ['other', 'first', 'second']);
});
