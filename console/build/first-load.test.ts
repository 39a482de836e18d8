/** Tests of measuring the first load of a page. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { measureFirstLoad } from './first-load.ts';

const chunk = (code: string, ...imports: string[]) => ({ type: 'chunk' as const, code, imports });
const asset = (source: string) => ({ type: 'asset' as const, source });

test('a page loads its script with everything that it imports, each once', () => {
  const bundle = {
    'watch.html': asset('<html>'),
    'assets/watch.css': asset('a{}'),
    'assets/watch.js': chunk('import a, b', 'assets/a.js', 'assets/b.js'),
    'assets/a.js': chunk('import b', 'assets/b.js'),
    'assets/b.js': chunk('the shared part'),
    'assets/player.js': chunk('loaded later'),
  };
  const parts = ['<html>', 'a{}', 'import a, b', 'import b', 'the shared part'];
  const expected = parts.map((part) => gzipSync(part).length).reduce((a, b) => a + b);
  assert.equal(measureFirstLoad(bundle, 'watch'), expected);
});

test('a page without its files is an error', () => {
  assert.throws(() => measureFirstLoad({}, 'watch'), /no watch\.html/);
});
