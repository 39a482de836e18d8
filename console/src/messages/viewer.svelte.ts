/** The texts of the viewer's pages in the language of the viewer. */

import { Catalog } from './catalog.svelte.ts';
import * as en from './en/viewer.ts';
import type { Format } from './format.ts';
import type { Language } from './language.ts';

/** Every text of the viewer's pages. `en` is the model that the other languages must match. */
export type ViewerMessages = typeof en;

const catalog = new Catalog<ViewerMessages>(en, load);

/** The texts: `t.list.empty` in a component follows a change of the language. */
export const t: ViewerMessages = catalog.t;

/** The formatters of the viewer's language. */
export function f(): Format {
  return catalog.format;
}

/** The language that is shown. */
export function shownLanguage(): Language {
  return catalog.language;
}

/** Shows the language of the address, of the settings, of the branding or of the browser. */
export function loadMessages(branded: readonly string[]): Promise<void> {
  return catalog.usePreferred(branded);
}

/** Shows the pages in a language. */
export function useLanguage(chosen: Language): Promise<void> {
  return catalog.use(chosen);
}

async function load(chosen: Language): Promise<ViewerMessages> {
  if (chosen === 'de') return import('./de/viewer.ts');
  if (chosen === 'en') return en;
  const { pseudo } = await import('./pseudo.ts');
  return pseudo(en);
}
