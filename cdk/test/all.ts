/** Runs every test in one process, because loading the CDK takes longer than the tests. */

import { readdirSync } from 'node:fs';

for (const file of readdirSync(import.meta.dirname).filter((it) => it.endsWith('.test.ts'))) {
  await import(`./${file}`);
}
