/** Lets Node load modules with runes (`*.svelte.ts`), so that tests can use stores without a browser. */

import { readFile } from 'node:fs/promises';
import type { LoadHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileModule } from 'svelte/compiler';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

export const load: LoadHook = async (url, context, next) => {
  if (!/\.svelte\.ts$/.test(url)) return next(url, context);
  const filename = fileURLToPath(url);
  const { outputText } = transpileModule(await readFile(filename, 'utf8'), {
    compilerOptions: {
      module: ModuleKind.ESNext,
      target: ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    },
  });
  const { js } = compileModule(outputText, { filename, generate: 'client' });
  return { format: 'module', source: js.code, shortCircuit: true };
};
