/** Tests that the TypeScript client of docs/app.md fits the contract. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');
/** Where the program is taken to be: beside the generated types. */
const FILE = join(ROOT, 'src', 'api', 'example-of-the-docs.ts');

/** The errors of a program, in the strict settings of this project. */
function errorsOf(program: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => (name === FILE ? program : readFile(name));
  host.fileExists = (name) => name === FILE || fileExists(name);
  host.getSourceFile = (name, version) => {
    const text = host.readFile(name);
    return text === undefined ? undefined : ts.createSourceFile(name, text, version);
  };
  const checked = ts.createProgram([FILE], { ...options, types: [] }, host);
  return ts
    .getPreEmitDiagnostics(checked)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('the typed client of docs/app.md fits the contract', () => {
  const page = readFileSync(join(ROOT, '..', 'docs', 'app.md'), 'utf8');
  const program = /```ts\n(.*?)```/s.exec(page)?.[1] ?? '';
  assert.match(program, /createClient<paths>/);
  assert.deepEqual(errorsOf(program), []);
  // The check finds what does not fit.
  const [error] = errorsOf(program.replace('body: { lastSeconds }', 'body: { lastSecond: 1 }'));
  assert.match(error ?? '', /lastSecond/);
});
