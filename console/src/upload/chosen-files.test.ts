/** Checks which files of a drop or a folder are uploaded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Choice, readDrop, readHandles, readInput } from './chosen-files.ts';

const fileOf = (name: string, bytes = 'x', type = '') => new File([bytes], name, { type });
const names = ({ files }: Choice) => files.map(({ file }) => file.name).sort();

/** A folder as Chromium shows it. */
function folderHandle(...members: object[]) {
  return {
    kind: 'directory',
    async *values() {
      yield* members;
    },
  };
}
const fileHandle = (file: File) => ({ kind: 'file', getFile: async () => file });

/** An item of a drop in a browser without handles. */
function entryItem(entry: object | null, file: File | null = null) {
  return {
    kind: 'file',
    getAsFile: () => file,
    webkitGetAsEntry: () => entry as FileSystemEntry | null,
  };
}
const fileEntry = (file: File) => ({
  isFile: true,
  file: (resolve: (file: File) => void) => resolve(file),
});
function folderEntry(...batches: object[][]) {
  return {
    isDirectory: true,
    createReader: () => ({
      readEntries: (resolve: (entries: object[]) => void) => resolve(batches.shift() ?? []),
    }),
  };
}

const FOLDER = [
  fileOf('final.MOV'),
  fileOf('heat.mxf'),
  fileOf('phone', 'x', 'video/mp4'),
  fileOf('notes.txt', 'x', 'text/plain'),
  fileOf('.hidden.mp4'),
  fileOf('empty.mp4', ''),
];

test('a folder gives its videos, also those of folders in it', async () => {
  const [first, ...others] = FOLDER.map(fileHandle);
  const handle = folderHandle(first ?? {}, folderHandle(...others));
  const item = { ...entryItem(null), getAsFileSystemHandle: async () => handle as never };
  const choice = await readDrop([item]);
  assert.deepEqual(names(choice), ['final.MOV', 'heat.mxf', 'phone']);
  assert.equal(choice.leftOut, 3);
  assert.ok(choice.files.every(({ handle }) => handle));
});

test('a folder of a browser without handles gives the same files, in any number', async () => {
  const entries = FOLDER.map(fileEntry);
  const folder = folderEntry(entries.slice(0, 2), entries.slice(2, 5), entries.slice(5));
  const choice = await readDrop([entryItem(folderEntry([folder]))]);
  assert.deepEqual(names(choice), ['final.MOV', 'heat.mxf', 'phone']);
  assert.equal(choice.leftOut, 3);
});

test('a dropped file is taken whatever its type, unless it is empty', async () => {
  const refused = {
    ...entryItem(null, fileOf('recording.bin')),
    getAsFileSystemHandle: () => Promise.reject(new DOMException('', 'NotAllowedError')),
  };
  const text = { kind: 'string', getAsFile: () => null };
  const empty = entryItem(null, fileOf('empty.mp4', ''));
  const choice = await readDrop([refused, text, empty]);
  assert.deepEqual(names(choice), ['recording.bin']);
  assert.equal(choice.leftOut, 1);
});

test('a chosen folder is filtered, chosen files are not', async () => {
  const inFolder = (file: File) => Object.assign(file, { webkitRelativePath: `day/${file.name}` });
  const plain = (file: File) => Object.assign(file, { webkitRelativePath: '' });
  const files = [inFolder(fileOf('a.mp4')), inFolder(fileOf('b.txt')), plain(fileOf('c.bin'))];
  assert.deepEqual(names(readInput(files)), ['a.mp4', 'c.bin']);
});

test('files of the picker keep their handles', async () => {
  const handle = fileHandle(fileOf('a.mp4')) as unknown as FileSystemFileHandle;
  const choice = await readHandles([handle]);
  assert.equal(choice.files[0]?.handle, handle);
});

test('caption files are no videos: they belong to one', () => {
  const choice = readInput([fileOf('final.mov'), fileOf('final.fi.srt'), fileOf('final.VTT')]);
  assert.deepEqual(names(choice), ['final.mov']);
  assert.deepEqual(
    choice.captions.map((it) => it.name),
    ['final.fi.srt', 'final.VTT'],
  );
  assert.equal(choice.leftOut, 0);
});
