import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const LIB = resolve(import.meta.dirname, '../lib');

/** The folders of `lib/` from the ground up. A file imports from its own folder and from folders before it. */
const FLOORS = [
  'settings',
  'prices',
  'emulator',
  'permission',
  'alarms',
  'function',
  'library',
  'mediapackage',
  'live',
  'api',
  'asset',
  'harvest',
  'upload',
  'export',
  'reel',
  'mark',
  'rule',
  'channel',
  'edit',
  'delivery',
  'viewer',
  'share',
  'announce',
  'sweep',
  'watch',
  // The files of `lib/` itself: the app and its two stacks.
  '.',
];

/** The imports that point to another folder of `lib/`, as `<file> -> <file>`, with both floors. */
function readArrows(): { arrow: string; from: number; to: number }[] {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((it) =>
    it.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join(LIB, file), 'utf8');
    return [...source.matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => {
      const imported = relative(LIB, resolve(LIB, dirname(file), path));
      return { arrow: `${file} -> ${imported}`, from: floor(file), to: floor(imported) };
    });
  });
}

function floor(file: string): number {
  const found = FLOORS.indexOf(dirname(file));
  assert.ok(found >= 0, `the folder of lib/${file} is not in the list of floors`);
  return found;
}

test('a file imports only from its own folder and from floors below', () => {
  const arrows = readArrows();
  assert.ok(arrows.length > 50, 'the imports were not found');
  assert.deepEqual(
    arrows.filter(({ from, to }) => from < to).map(({ arrow }) => arrow),
    [],
  );
});

test('every floor has a folder', () => {
  const folders = readdirSync(LIB, { withFileTypes: true })
    .filter((it) => it.isDirectory())
    .map(({ name }) => name);
  assert.deepEqual(folders.sort(), FLOORS.filter((it) => it !== '.').sort());
});
