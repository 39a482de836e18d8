/** Refuses to build a page whose first load is larger than its budget. */

import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** The most bytes that each page loads before anything is played, compressed, by its entry. */
export type Budgets = Readonly<Record<string, number>>;

/** The parts of a bundle that the check reads. */
type Bundle = Readonly<
  Record<string, Pick<Rolldown.OutputChunk, 'type' | 'code' | 'imports'> | Asset>
>;
type Asset = Pick<Rolldown.OutputAsset, 'type' | 'source'>;

/** Fails the build if a page is over its budget. It runs after the style sheets have been joined. */
export function firstLoad(budgets: Budgets): Plugin {
  return {
    name: 'matchcut:first-load',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [entry, budget] of Object.entries(budgets)) {
          const bytes = measureFirstLoad(bundle as Bundle, entry);
          const size = `${entry}.html loads ${bytes} bytes, compressed, of at most ${budget}`;
          if (bytes > budget) this.error(`${size}. Import what is used later with import().`);
          this.info(size);
        }
      },
    },
  };
}

/** The compressed size of a page, its style sheet, its script and all that the script imports. */
export function measureFirstLoad(bundle: Bundle, entry: string): number {
  const scripts = new Set<string>();
  const add = (name: string) => {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || scripts.has(name)) return;
    scripts.add(name);
    for (const imported of chunk.imports) add(imported);
  };
  add(`assets/${entry}.js`);
  return [`${entry}.html`, `assets/${entry}.css`, ...scripts]
    .map((name) => gzipSync(contentOf(bundle, name)).length)
    .reduce((sum, size) => sum + size, 0);
}

function contentOf(bundle: Bundle, name: string): string | Uint8Array {
  const file = bundle[name];
  if (!file) throw new Error(`the build has no ${name}`);
  return file.type === 'chunk' ? file.code : file.source;
}
