/** The texts of a page in a language that can change while the page is shown. */

import { settings } from '../settings/settings.svelte.ts';
import { Format } from './format.ts';
import {
  chooseLanguage,
  directionOf,
  documentLanguageOf,
  type Language,
  localeOf,
  preferredLanguages,
} from './language.ts';

/** Texts by area. English is the model that the other languages must match. */
export class Catalog<Messages extends object> {
  /** The language that is shown. */
  language = $state<Language>('en');
  /** The formatters of that language. */
  readonly format = $derived(
    new Format({ locale: localeOf(this.language, navigator.languages), zone: settings.times }),
  );
  /** The texts: a component that reads one follows a change of the language. */
  readonly t: Messages;

  #messages: Messages;
  readonly #load: (language: Language) => Promise<Messages>;

  constructor(english: Messages, load: (language: Language) => Promise<Messages>) {
    this.#messages = $state.raw(english);
    this.#load = load;
    this.t = new Proxy(english, { get: (_, area) => Reflect.get(this.#messages, area) });
  }

  /** Shows the language of the address, of the settings, of the branding or of the browser. */
  async usePreferred(branded: readonly string[]): Promise<void> {
    const asked = new URLSearchParams(location.search).get('lang');
    const preferred = preferredLanguages(branded, navigator.languages);
    await this.use(chooseLanguage([asked, settings.language, ...preferred]));
  }

  async use(chosen: Language): Promise<void> {
    this.#messages = await this.#load(chosen);
    this.language = chosen;
    document.documentElement.lang = documentLanguageOf(chosen);
    document.documentElement.dir = directionOf(chosen);
  }
}
