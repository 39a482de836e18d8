/** The texts of the console in the language of the operator. */

import { Catalog } from './catalog.svelte.ts';
import * as en from './en/console.ts';
import type { Format } from './format.ts';
import type { Language } from './language.ts';
import { pseudo } from './pseudo.ts';

/** Every text of the console. `en` is the model that the other languages must match. */
export type ConsoleMessages = typeof en;

const catalog = new Catalog<ConsoleMessages>(en, load);

/** The texts: `t.live.cut` in a component follows a change of the language. */
export const t: ConsoleMessages = catalog.t;

/** The formatters of the operator's language. */
export function f(): Format {
  return catalog.format;
}

/** Shows the language of the address, of the settings, of the branding or of the browser. */
export function loadMessages(branded: readonly string[] = []): Promise<void> {
  return catalog.usePreferred(branded);
}

/** Shows the console in a language. */
export function useLanguage(chosen: Language): Promise<void> {
  return catalog.use(chosen);
}

async function load(chosen: Language): Promise<ConsoleMessages> {
  if (chosen === 'de') return import('./de/console.ts');
  return chosen === 'en' ? en : pseudo(en);
}
