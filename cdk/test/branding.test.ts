import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readBranding } from '../lib/settings/branding.ts';
import { DEFAULT_BRANDING, SettingsError } from '../lib/settings/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'matchcut-branding-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'branding.json');

function write(text: string): void {
  writeFileSync(file, text);
}

function check(wrong: unknown, ...sentences: RegExp[]): void {
  write(typeof wrong === 'string' ? wrong : JSON.stringify(wrong));
  assert.throws(
    () => readBranding(file),
    (error: unknown) => {
      assert.ok(error instanceof SettingsError);
      assert.equal(error.message.split('\n').length, sentences.length, error.message);
      for (const sentence of sentences) assert.match(error.message, sentence);
      return true;
    },
  );
}

test('the default branding allows any page to embed clips', () => {
  const { name, accent, embed, pictures } = readBranding(DEFAULT_BRANDING);
  assert.deepEqual([name, accent, embed, pictures], ['Matchcut', '#3d8bfd', ['*'], []]);
});

test('the pictures of a branding are the files beside it', () => {
  write(
    JSON.stringify({
      logo: { light: 'logo.svg', dark: 'logo.svg' },
      icon: 'data:image/png;base64,AA==',
    }),
  );
  assert.throws(
    () => readBranding(file),
    /^SettingsError: .* names logo\.svg, which is not in the folder/,
  );
  writeFileSync(join(folder, 'logo.svg'), '<svg/>');
  assert.deepEqual(readBranding(file).pictures, ['logo.svg']);
});

test('a wrong field is refused by name', () => {
  check(
    { colors: { accent: 'blue' } },
    /^Branding .*branding\.json: colors\.accent must match pattern/,
  );
  check({ embed: ['http://news.example.com'] }, /: embed\.0 must match pattern/);
  check({ heading: 'Games' }, /: the file must NOT have additional properties \(heading\)/);
  check(
    { tags: ['a', 'a'], times: 'cet' },
    /: tags must NOT have duplicate/,
    /: times must be equal to one of/,
  );
  check('{', /^Could not read the branding .*branding\.json/);
  check([], /: the file must be object/);
});

test('a missing file is refused', () => {
  assert.throws(
    () => readBranding(join(folder, 'nothing.json')),
    /^SettingsError: Could not read the branding/,
  );
});
