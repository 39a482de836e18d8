/** Checks how files are announced. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRequest, identify, isSameFile, suggestDetails } from './upload-request.ts';

const NOW = Date.parse('2026-07-01T12:00:00.500Z');
const SHARED = { competition: '100m', tags: ['final'], isHeldBack: false };

function fileOf(name: string, type = '', lastModified = NOW - 5000): File {
  return new File(['12345'], name, { type, lastModified });
}

test('the title is the name without its extension, the time that of the last change', () => {
  const details = suggestDetails(fileOf('Heat_3 final.cut.mov'), NOW);
  assert.deepEqual(details, { title: 'Heat 3 final.cut', at: Date.parse('2026-07-01T11:59:55Z') });
  assert.equal(suggestDetails(fileOf('a'.repeat(250)), NOW).title.length, 200);
});

test('a file without a time, or of the future, is of now', () => {
  for (const lastModified of [0, NOW + 60_000])
    assert.equal(suggestDetails({ name: 'a', size: 1, lastModified }, NOW).at, NOW - 500);
});

test('the body has what the contract allows', () => {
  const details = { title: ' Final ', at: NOW };
  const plain = formatRequest(fileOf('final.mov', 'video/quicktime'), details, SHARED);
  assert.deepEqual(plain, {
    competition: '100m',
    filename: 'final.mov',
    size: 5,
    contentType: 'video/quicktime',
    at: '2026-07-01T12:00:00.500Z',
    title: 'Final',
    tags: ['final'],
  });
  const captions = [
    { language: ' fi', text: 'WEBVTT' },
    { language: 'en', channel: 'CC1', label: ' English (608) ' },
    { language: 'sv', channel: 'CC3', label: '' },
  ] as const;
  const captioned = formatRequest(
    fileOf('final.mov'),
    { ...details, captions, defaultSound: 'fi ' },
    SHARED,
  );
  assert.deepEqual(captioned.captions, [
    { language: 'fi', text: 'WEBVTT' },
    { language: 'en', name: 'English (608)', channel: 'CC1' },
    { language: 'sv', channel: 'CC3' },
  ]);
  assert.equal(captioned.defaultSound, 'fi');
  const odd = { ...fileOf(''), name: 'a\\b\nc.mov', type: 'video/mp4; codecs=avc1', size: 5 };
  const held = formatRequest(odd as File, details, { ...SHARED, isHeldBack: true });
  assert.equal(held.filename, 'a_b_c.mov');
  assert.equal(held.contentType, null);
  assert.equal(held.listed, false);
});

test('a file is the same only with the same name, size and time', () => {
  const identity = identify(fileOf('a.mov'));
  assert.ok(isSameFile(identity, fileOf('a.mov')));
  assert.ok(!isSameFile(identity, fileOf('b.mov')));
  assert.ok(!isSameFile(identity, { ...identity, size: 6 }));
  assert.ok(!isSameFile(identity, fileOf('a.mov', '', NOW)));
});
