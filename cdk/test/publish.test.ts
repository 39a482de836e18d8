import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { readPageHeaders } from '../lib/delivery/page-headers.ts';
import { readSettings } from '../lib/settings/read-settings.ts';
import { checkConsole, uploadFiles } from '../tools/publish.ts';
import { listSiteFiles, type SiteFile } from '../tools/site-files.ts';
import { fakeS3 } from './fake-s3.ts';
import { MADE } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'matchcut-publish-'));
after(() => rmSync(folder, { recursive: true }));

function write(path: string, text = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A built console, and a branding with a picture in a folder of its own. */
function build(): SiteFile[] {
  for (const path of ['console.html', 'watch.html', 'embed.html', 'branding.json'])
    write(`dist/${path}`);
  for (const path of ['watch.js', 'watch.css', 'hls-D4f9a8Bc.js', 'strip.worker-aB3_dE9-.js'])
    write(`dist/assets/${path}`);
  write('dist/.vite/manifest.json');
  write('games/branding.json', '{"name":"Games"}');
  write('games/logo.svg', '<svg/>');
  return listSiteFiles({
    folder: join(folder, 'dist'),
    branding: {
      file: join(folder, 'games/branding.json'),
      name: 'Games',
      accent: '#000000',
      embed: ['*'],
      pictures: ['logo.svg'],
    },
    config: '{"private":false}',
    headers: readPageHeaders(),
  });
}

test('a file has its content type, and is cached for long only if its name has a hash', () => {
  const files = new Map(build().map((file) => [file.key, file]));
  const long = 'public, max-age=31536000, immutable';
  const short = 'public, max-age=60';
  const check = (key: string, contentType: string, cacheControl: string) => {
    const file = files.get(key);
    assert.deepEqual([file?.contentType, file?.cacheControl], [contentType, cacheControl], key);
  };
  check('console.html', 'text/html; charset=utf-8', short);
  check('assets/watch.js', 'text/javascript; charset=utf-8', short);
  check('assets/watch.css', 'text/css; charset=utf-8', short);
  check('assets/hls-D4f9a8Bc.js', 'text/javascript; charset=utf-8', long);
  check('assets/strip.worker-aB3_dE9-.js', 'text/javascript; charset=utf-8', long);
  check('branding/logo.svg', 'image/svg+xml', short);
  check('config.json', 'application/json', short);
  assert.ok(!files.has('.vite/manifest.json'));
});

test('the branding of the deployment replaces the built one', () => {
  const text = (key: string) =>
    build()
      .find((file) => file.key === key)
      ?.body.toString();
  assert.equal(text('branding.json'), '{"name":"Games"}');
  assert.equal(text('config.json'), '{"private":false}');
});

test('a file of an unknown type is refused', () => {
  write('dist/assets/notes.docx');
  assert.throws(build, /^Error: The content type of assets\/notes\.docx is not known/);
  rmSync(join(folder, 'dist/assets/notes.docx'));
});

test('a page is uploaded after the files that it needs', async () => {
  const { s3, objects, puts } = await fakeS3();
  const files = build();
  await uploadFiles(s3, 'site', files);
  const turn = (key: string) => files.findIndex((file) => file.key === key);
  assert.ok(turn('assets/hls-D4f9a8Bc.js') < turn('assets/watch.js'));
  assert.ok(turn('assets/watch.js') < turn('watch.html'));
  assert.equal(puts.length, files.length + 1);
  const { headers, body } = objects.get('console.html') ?? {};
  assert.equal(headers?.['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers?.['cache-control'], 'public, max-age=60');
  assert.equal(body, 'dist/console.html');
});

test('a file that the build no longer has stays for a week, for tabs that are open', async () => {
  const { s3, objects } = await fakeS3();
  const first = build();
  const second = first.filter(({ key }) => key !== 'assets/hls-D4f9a8Bc.js');
  const day = (of: number) => new Date(Date.UTC(2026, 10, of));
  await uploadFiles(s3, 'site', first, day(1));
  // The week begins when a deployment no longer has the file, however long it was used before.
  assert.deepEqual(await uploadFiles(s3, 'site', second, day(20)), {
    uploaded: second.length,
    deleted: 0,
  });
  await uploadFiles(s3, 'site', second, day(26));
  assert.ok(objects.has('assets/hls-D4f9a8Bc.js'));
  assert.equal((await uploadFiles(s3, 'site', second, day(28))).deleted, 1);
  assert.ok(!objects.has('assets/hls-D4f9a8Bc.js'));
  for (const { key } of second) assert.ok(objects.has(key), key);
});

test('a file that is deployed again is no longer about to be deleted', async () => {
  const { s3, objects } = await fakeS3();
  const first = build();
  const second = first.filter(({ key }) => key !== 'assets/hls-D4f9a8Bc.js');
  const day = (of: number) => new Date(Date.UTC(2026, 10, of));
  for (const [files, at] of [
    [first, 1],
    [second, 2],
    [first, 3],
    [second, 12],
  ] as const)
    await uploadFiles(s3, 'site', files, day(at));
  assert.ok(objects.has('assets/hls-D4f9a8Bc.js'));
});

test('a console that was not built is refused before anything is deployed', () => {
  build();
  checkConsole(readSettings({ ...MADE, console: join(folder, 'dist') }));
  assert.throws(
    () => checkConsole(readSettings({ ...MADE, console: folder })),
    /^SettingsError: .*console\.html was not found\. Build the console with "make console"/,
  );
});
