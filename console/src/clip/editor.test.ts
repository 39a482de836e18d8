import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestFailed } from '../api/problem.ts';
import type { Clip, ClipEdit } from './clip.ts';
import { Editor } from './editor.ts';
import type { Conflict } from './edits.ts';
import { TestTimers } from './timers.testing.ts';

const REFUSAL = new RequestFailed({
  type: 'urn:matchcut:problem:precondition-failed',
  title: 'Precondition failed',
  status: 412,
  detail: 'The clip has been edited since. Get it again, then repeat the edit.',
});

interface Fields {
  title: string;
  tags: string[];
  listed: boolean;
}
const BASE: Fields = { title: 'Final', tags: [], listed: true };

function clip(fields: Fields): Clip {
  const { title, tags, listed } = fields;
  const etag = JSON.stringify(fields);
  const meta = { id: 'a', title, description: '', tags };
  return { clip: 'a', status: 'ready', listed, meta, etag } as unknown as Clip;
}

/** A service with one clip. `others` changes the clip as another operator would. */
function service() {
  let stored = BASE;
  let seen = clip(BASE);
  const timers = new TestTimers();
  const requests: ClipEdit[] = [];
  let losesReply = false;
  const editor = new Editor({
    async send(base, fields) {
      requests.push(fields);
      // A lost reply is repeated by the caller, with the same version.
      for (;;) {
        if (base.etag !== JSON.stringify(stored)) throw REFUSAL;
        stored = { ...stored, ...(fields as Partial<Fields>) };
        if (!losesReply) break;
        losesReply = false;
      }
      return clip(stored);
    },
    known: () => seen,
    refresh: () => {
      seen = clip(stored);
    },
    timers,
  });
  return {
    timers,
    requests,
    editor,
    stored: () => stored,
    others: (fields: Partial<Fields>) => {
      stored = { ...stored, ...fields };
    },
    loseReply: () => {
      losesReply = true;
    },
  };
}

async function edit(it: ReturnType<typeof service>, shown: Clip, fields: ClipEdit) {
  const edited = it.editor.edit(shown, fields);
  await it.timers.advance(20_000);
  return edited;
}

test('an edit of what the operator saw is stored', async () => {
  const it = service();
  await edit(it, clip(BASE), { title: 'The final' });
  assert.equal(it.stored().title, 'The final');
});

test('the same field changed by somebody else is a conflict, and nothing is overwritten', async () => {
  const it = service();
  it.others({ title: 'Men’s final' });
  const conflict = (await edit(it, clip(BASE), {
    title: 'The final',
    tags: ['final'],
  })) as Conflict;
  assert.deepEqual(conflict.fields, ['title']);
  assert.equal(conflict.theirs.meta.title, 'Men’s final');
  assert.equal(it.stored().title, 'Men’s final');
  assert.deepEqual(it.stored().tags, []);
});

test('after a conflict, the operator may overwrite what has been shown', async () => {
  const it = service();
  it.others({ title: 'Men’s final' });
  const conflict = (await edit(it, clip(BASE), { title: 'The final' })) as Conflict;
  await edit(it, conflict.theirs, conflict.mine);
  assert.equal(it.stored().title, 'The final');
});

test('other fields changed by somebody else are kept', async () => {
  const it = service();
  it.others({ tags: ['record'] });
  await edit(it, clip(BASE), { title: 'The final' });
  assert.deepEqual(it.stored(), { title: 'The final', tags: ['record'], listed: true });
});

test('the same change made by somebody else is no conflict', async () => {
  const it = service();
  it.others({ listed: false });
  const edited = await edit(it, clip(BASE), { listed: false });
  assert.equal('fields' in edited, false);
  assert.equal(it.requests.length, 1);
});

test('an edit whose reply was lost is not taken for somebody else’s', async () => {
  const it = service();
  it.loseReply();
  const edited = (await edit(it, clip(BASE), { title: 'The final' })) as Clip;
  assert.equal(edited.meta.title, 'The final');
  assert.equal('fields' in edited, false);
});

test('two edits of the same operator follow each other', async () => {
  const it = service();
  await edit(it, clip(BASE), { title: 'The final' });
  await edit(it, clip(BASE), { title: 'The last final' });
  assert.equal(it.stored().title, 'The last final');
  await edit(it, clip(BASE), { title: 'Final' });
  await edit(it, clip(BASE), { title: 'Finale' });
  assert.equal(it.stored().title, 'Finale');
});

test('an edit after an own one still finds what somebody else has changed', async () => {
  const it = service();
  await edit(it, clip(BASE), { title: 'The final' });
  it.others({ title: 'Men’s final' });
  const conflict = await edit(it, clip(BASE), { title: 'The last final' });
  assert.equal('fields' in conflict, true);
});
