/** Tests of the title and tags that are written for the next clip, or for the one just cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClipEdit } from '../clip/clip.ts';
import type { UnsentCut } from '../clip/outbox.ts';
import type { Row } from '../clip/row-state.ts';
import { Draft, type DraftClips } from './draft.svelte.ts';

const WINDOW = { start: 1000, end: 16_000 };

function setUp() {
  const edits: [string, ClipEdit][] = [];
  const clips = {
    rows: [] as Row[],
    editUnsent: (cut: UnsentCut, fields: ClipEdit) => edits.push([cut.key, fields]),
    edit: async (clip: { clip: string }, fields: ClipEdit) => edits.push([clip.clip, fields]),
  };
  const draft = new Draft(clips as unknown as DraftClips);
  /** Cuts as the cut bar does. */
  const cut = (key: string) => {
    const made = { key, body: draft.takeForCut() } as unknown as UnsentCut;
    clips.rows = [{ key, cut: made }, ...clips.rows];
    draft.follow(made, WINDOW);
  };
  return { clips, draft, edits, cut };
}

test('a title that was written before the cut goes with it', () => {
  const { draft, clips, cut } = setUp();
  draft.title = ' Final ';
  draft.setTags(['record']);
  cut('a');
  assert.deepEqual(clips.rows[0]?.cut?.body, { title: 'Final', tags: ['record'] });
  assert.equal(draft.title, '');
  assert.equal(draft.subject, undefined);
});

test('a title that is written after the cut is saved in the clip', () => {
  const { draft, clips, edits, cut } = setUp();
  cut('a');
  assert.equal(draft.subject?.key, 'a');
  draft.title = 'Final';
  draft.save();
  assert.deepEqual(edits, [['a', { title: 'Final' }]]);
  // The cut has become a clip meanwhile.
  clips.rows = [{ key: 'a', clip: { clip: 'id', status: 'harvesting' } } as unknown as Row];
  draft.setTags(['record']);
  assert.deepEqual(edits.at(-1), ['id', { tags: ['record'] }]);
});

test('the next cut leaves the title with the clip that it was written for', () => {
  const { draft, clips, edits, cut } = setUp();
  cut('a');
  draft.title = 'First';
  cut('b');
  assert.deepEqual(edits, [['a', { title: 'First' }]]);
  assert.deepEqual(clips.rows[0]?.cut?.body, {});
  assert.equal(draft.subject?.key, 'b');
});

test('a cut that was taken back gets no title', () => {
  const { draft, clips, edits, cut } = setUp();
  cut('a');
  clips.rows = [];
  draft.title = 'Final';
  draft.save();
  assert.deepEqual(edits, []);
  assert.equal(draft.subject, undefined);
});
