/**
 * Runs every `*.test.ts` beside the sources in one process, because starting one costs more.
 * `npm test -- live/` runs those of one folder.
 */

import { readdirSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';

register('./runes.ts', import.meta.url);

for (const folder of ['src', 'build']) {
  const sources = join(import.meta.dirname, '..', folder);
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).sort()) {
    if (file.endsWith('.test.ts') && file.startsWith(process.argv[2] ?? ''))
      await import(join(sources, file));
  }
}
