/** Tests of the messages to an embedded player. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EmbedCommand, obeyParent, parseCommand } from './embed-messages.ts';

test('commands are read, other messages are not', () => {
  assert.deepEqual(parseCommand({ matchcut: 'play', more: 1 }), { matchcut: 'play' });
  assert.deepEqual(parseCommand({ matchcut: 'pause' }), { matchcut: 'pause' });
  assert.deepEqual(parseCommand({ matchcut: 'seek', time: 7.5 }), { matchcut: 'seek', time: 7.5 });
  const others = [
    null,
    'play',
    7,
    {},
    { matchcut: 'stop' },
    { matchcut: 'seek' },
    { matchcut: 'seek', time: '7' },
    { matchcut: 'seek', time: Number.NaN },
    { matchcut: 'seek', time: -1 },
  ];
  for (const data of others) assert.equal(parseCommand(data), undefined, JSON.stringify(data));
});

test('only the page around the player is obeyed', () => {
  const parent = {} as Window;
  const page = Object.assign(new EventTarget(), { parent }) as unknown as Window;
  const obeyed: EmbedCommand[] = [];
  obeyParent((command) => obeyed.push(command), page);
  const send = (source: unknown) =>
    page.dispatchEvent(Object.assign(new Event('message'), { source, data: { matchcut: 'play' } }));
  send({});
  assert.deepEqual(obeyed, []);
  send(parent);
  assert.deepEqual(obeyed, [{ matchcut: 'play' }]);
});

test('a player that is not embedded obeys nobody', () => {
  const page = new EventTarget() as unknown as Window & { parent: Window };
  Object.assign(page, { parent: page });
  const obeyed: EmbedCommand[] = [];
  obeyParent((command) => obeyed.push(command), page);
  page.dispatchEvent(
    Object.assign(new Event('message'), { source: page, data: { matchcut: 'play' } }),
  );
  assert.deepEqual(obeyed, []);
});
