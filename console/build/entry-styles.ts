/** Gives each page one style sheet with a name without a hash: `assets/watch.css` for `watch.html`. */

import type { Plugin, Rolldown } from 'vite';

type Chunk = Rolldown.OutputChunk & { viteMetadata?: { importedCss: Set<string> } };

/**
 * Joins the style sheets of an entry and of the chunks that it always loads. Vite puts what two
 * entries share into a sheet of its own with a hash in its name. The share page of a clip cannot
 * know that name.
 */
export function entryStyles(): Plugin {
  return {
    name: 'matchcut:entry-styles',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const joined = new Set<string>();
      for (const entry of Object.values(bundle)) {
        if (entry.type !== 'chunk' || !entry.isEntry) continue;
        const sheets = sheetsOf(entry, bundle);
        const source = sheets.map((name) => textOf(bundle, name)).join('\n');
        this.emitFile({ type: 'asset', fileName: `assets/${entry.name}.css`, source });
        for (const name of sheets) joined.add(name);
        const page = bundle[`${entry.name}.html`];
        if (page?.type !== 'asset') continue;
        const links = /\s*<link rel="stylesheet"[^>]*>/g;
        const link = `\n    <link rel="stylesheet" href="/assets/${entry.name}.css">\n  </head>`;
        page.source = String(page.source)
          .replace(links, '')
          .replace(/\s*<\/head>/, link);
      }
      const lazy = new Set(
        Object.values(bundle).flatMap((it) =>
          it.type === 'chunk' && it.isDynamicEntry ? sheetsOf(it, bundle) : [],
        ),
      );
      for (const name of joined) if (!lazy.has(name)) delete bundle[name];
    },
  };
}

/** The names of the style sheets of a chunk and of all that it imports statically, imports first. */
function sheetsOf(chunk: Chunk, bundle: Rolldown.OutputBundle, seen = new Set<string>()): string[] {
  if (seen.has(chunk.fileName)) return [];
  seen.add(chunk.fileName);
  const imported = chunk.imports.flatMap((name) => {
    const it = bundle[name];
    return it?.type === 'chunk' ? sheetsOf(it, bundle, seen) : [];
  });
  return [...new Set([...imported, ...(chunk.viteMetadata?.importedCss ?? [])])];
}

function textOf(bundle: Rolldown.OutputBundle, name: string): string {
  const asset = bundle[name];
  return asset?.type === 'asset' ? String(asset.source) : '';
}
