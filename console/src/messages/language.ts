/** Languages of the pages, and the choice of one. */

/** A language that messages exist in. `xx` and `xr` are pseudo-languages for tests of the layout. */
export const LANGUAGES = ['en', 'de', 'xx', 'xr'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The languages that people choose from, by their own names. */
export const LANGUAGE_NAMES: Readonly<Record<'en' | 'de', string>> = {
  en: 'English',
  de: 'Deutsch',
};

/** The first wanted language that exists; English if there is none. `de-AT` is `de`. */
export function chooseLanguage(wanted: readonly (string | null | undefined)[]): Language {
  for (const tag of wanted) {
    const language = LANGUAGES.find((it) => it === tag?.toLowerCase().split('-')[0]);
    if (language) return language;
  }
  return 'en';
}

/** The direction of a language's script. */
export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'xr' ? 'rtl' : 'ltr';
}

/** The language of the document. The pseudo-languages are a kind of English. */
export function documentLanguageOf(language: Language): string {
  return language === 'xx' || language === 'xr' ? 'en-x-pseudo' : language;
}

/** What `Intl` formats numbers and times for. English is that of the browser: dates differ. */
export function localeOf(language: Language, browser: readonly string[]): string {
  const base = language === 'xx' || language === 'xr' ? 'en' : language;
  return browser.find((it) => it.toLowerCase().split('-')[0] === base) ?? base;
}

/** The browser's languages, then those of the branding. If the branding lists some, only those. */
export function preferredLanguages(
  branded: readonly string[],
  browser: readonly string[],
): string[] {
  const wanted = browser.filter(
    (it) => !branded.length || branded.includes(it.split('-')[0] ?? it),
  );
  return [...wanted, ...branded];
}

/** The name of a language by its tag, such as `fi`. Empty if the tag means none. */
export function languageName(tag: string, locale: string): string {
  try {
    const names = new Intl.DisplayNames(locale, { type: 'language', fallback: 'none' });
    return names.of(tag) ?? '';
  } catch {
    return '';
  }
}
