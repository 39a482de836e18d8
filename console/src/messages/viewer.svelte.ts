/** The texts of the viewer's pages in the language of the viewer. */

import { settings } from '../settings/settings.svelte.ts';
import * as en from './en/viewer.ts';
import { Format } from './format.ts';
import {
  chooseLanguage,
  directionOf,
  documentLanguageOf,
  type Language,
  localeOf,
  preferredLanguages,
} from './language.ts';

/** Every text of the viewer's pages. `en` is the model that the other languages must match. */
export type ViewerMessages = typeof en;

let messages = $state.raw<ViewerMessages>(en);
let language = $state<Language>('en');
const format = $derived(
  new Format({ locale: localeOf(language, navigator.languages), zone: settings.times }),
);

/** The texts: `t.list.empty` in a component follows a change of the language. */
export const t: ViewerMessages = new Proxy(en, {
  get: (_, area) => Reflect.get(messages, area),
});

/** The formatters of the viewer's language. */
export function f(): Format {
  return format;
}

/** The language that is shown. */
export function shownLanguage(): Language {
  return language;
}

/** Loads the language of the address, of the settings, of the branding or of the browser. */
export async function loadMessages(branded: readonly string[]): Promise<void> {
  const asked = new URLSearchParams(location.search).get('lang');
  const preferred = preferredLanguages(branded, navigator.languages);
  await useLanguage(chooseLanguage([asked, settings.language, ...preferred]));
}

/** Shows the pages in a language. */
export async function useLanguage(chosen: Language): Promise<void> {
  messages = await load(chosen);
  language = chosen;
  document.documentElement.lang = documentLanguageOf(chosen);
  document.documentElement.dir = directionOf(chosen);
}

async function load(chosen: Language): Promise<ViewerMessages> {
  if (chosen === 'de') return import('./de/viewer.ts');
  if (chosen === 'en') return en;
  const { pseudo } = await import('./pseudo.ts');
  return pseudo(en);
}
