/** Checks the names of downloaded files. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameDownload } from './file-name.ts';

const START = Date.UTC(2020, 1, 3, 13, 30, 58, 120);

test('the name has the title and the start', () => {
  assert.equal(nameDownload('100 m final', START), '100 m final 2020-02-03 13-30-58.mp4');
  assert.equal(nameDownload('', START), '2020-02-03 13-30-58.mp4');
});

test('characters that a file system refuses are left out', () => {
  assert.equal(
    nameDownload('../a/b: "c" <d>|\u202egpj.exe\n.', START),
    'a b c d gpj.exe 2020-02-03 13-30-58.mp4',
  );
  assert.equal(nameDownload('ö'.repeat(300), START).length, 124);
});
