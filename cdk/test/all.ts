/** Every test in one process: loading the CDK takes longer than all of them. */

import { readdirSync } from 'node:fs';

for (const file of readdirSync(import.meta.dirname).filter((it) => it.endsWith('.test.ts'))) {
  await import(`./${file}`);
}
