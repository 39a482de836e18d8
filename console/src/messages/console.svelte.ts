/** The texts of the console in the language of the operator. */

import { settings } from '../settings/settings.svelte.ts';
import * as en from './en/console.ts';
import { Format } from './format.ts';
import {
  chooseLanguage,
  directionOf,
  documentLanguageOf,
  type Language,
  localeOf,
  preferredLanguages,
} from './language.ts';
import { pseudo } from './pseudo.ts';

/** Every text of the console. `en` is the model that the other languages must match. */
export type ConsoleMessages = typeof en;

let messages = $state.raw<ConsoleMessages>(en);
let language = $state<Language>('en');
const format = $derived(
  new Format({ locale: localeOf(language, navigator.languages), zone: settings.times }),
);

/** The texts: `t.live.cut` in a component follows a change of the language. */
export const t: ConsoleMessages = new Proxy(en, {
  get: (_, area) => Reflect.get(messages, area),
});

/** The formatters of the operator's language. */
export function f(): Format {
  return format;
}

/** Loads the language of the address, of the settings, of the branding or of the browser. */
export async function loadMessages(branded: readonly string[] = []): Promise<void> {
  const asked = new URLSearchParams(location.search).get('lang');
  const preferred = preferredLanguages(branded, navigator.languages);
  await useLanguage(chooseLanguage([asked, settings.language, ...preferred]));
}

/** Shows the console in a language. */
export async function useLanguage(chosen: Language): Promise<void> {
  messages = await load(chosen);
  language = chosen;
  document.documentElement.lang = documentLanguageOf(chosen);
  document.documentElement.dir = directionOf(chosen);
}

async function load(chosen: Language): Promise<ConsoleMessages> {
  if (chosen === 'de') return import('./de/console.ts');
  return chosen === 'en' ? en : pseudo(en);
}
