/** Reads values out of given settings, and collects a sentence for each that is wrong. */

export class Reader {
  readonly mistakes: string[];
  private readonly known = new Set<string>();

  constructor(
    private readonly given: Record<string, unknown>,
    private readonly path = '',
    mistakes: string[] = [],
  ) {
    this.mistakes = mistakes;
  }

  text(key: string, fallback: string | undefined, pattern: RegExp, what: string): string {
    const value = this.take(key) ?? fallback;
    if (value === undefined) {
      this.mistakes.push(`Setting ${this.path}${key} is missing; it has to be ${what}.`);
      return '';
    }
    return this.matching(key, value, pattern, what);
  }

  optionalText(key: string, pattern: RegExp, what: string): string | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : this.matching(key, value, pattern, what);
  }

  oneOf<T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.take(key) ?? fallback;
    const choice = choices.find((it) => it === value);
    if (choice === undefined) this.wrong(key, value, `either ${choices.join(' or ')}`);
    return choice ?? fallback;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.take(key) ?? fallback;
    if (value === true || value === 'true') return true;
    if (value !== false && value !== 'false') this.wrong(key, value, 'either true or false');
    return false;
  }

  whole(key: string, fallback: number | undefined, least: number, most: number): number {
    const value = this.take(key) ?? fallback;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && least <= number && number <= most)
      return number;
    this.wrong(key, value, `a whole number from ${least} to ${most}`);
    return least;
  }

  optionalWhole(key: string, least: number, most: number): number | undefined {
    return this.given[key] === undefined
      ? (this.take(key) as undefined)
      : this.whole(key, undefined, least, most);
  }

  /** Whole numbers by name, as JSON; a number alone is one for every name. */
  optionalWholes(
    key: string,
    names: RegExp,
    what: string,
    least: number,
    most: number,
  ): Record<string, number> | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(String(value))) return { '*': this.whole(key, undefined, least, most) };
    return this.inner(key, this.json(key, value), (reader) => {
      const named = Object.keys(reader.given);
      for (const name of named.filter((it) => !names.test(it)))
        this.mistakes.push(`Setting ${this.path}${key} names ${name}; it has to be ${what}.`);
      return Object.fromEntries(
        named.map((name) => [name, reader.whole(name, undefined, least, most)]),
      );
    });
  }

  /** A list of texts: JSON, or one text with commas between. */
  texts(
    key: string,
    fallback: readonly string[],
    pattern: RegExp,
    what: string,
  ): readonly string[] {
    const value = this.take(key) ?? fallback;
    const plain = typeof value === 'string' && !value.trimStart().startsWith('[');
    const list = plain ? value.split(',').map((it) => it.trim()) : this.json(key, value);
    if (!Array.isArray(list)) {
      this.wrong(key, value, 'a list');
      return fallback;
    }
    return list.map((item) => this.matching(key, item, pattern, what));
  }

  list<T>(key: string, fallback: readonly T[], read: (item: Reader) => T): readonly T[] {
    const value = this.take(key);
    if (value === undefined) return fallback;
    const list = this.json(key, value);
    if (!Array.isArray(list)) {
      this.wrong(key, value, 'a list, as JSON');
      return fallback;
    }
    return list
      .map((item, at) => this.inner(`${key}[${at}]`, item, read))
      .filter((item) => item !== undefined);
  }

  optionalObject<T>(key: string, read: (item: Reader) => T): T | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : this.inner(key, this.json(key, value), read);
  }

  /** Whatever was given and never asked for is a spelling mistake. */
  refuseUnknown(): void {
    for (const key of Object.keys(this.given).filter((it) => !this.known.has(it))) {
      this.mistakes.push(
        `There is no setting ${this.path}${key}; there are ${[...this.known].join(', ')}.`,
      );
    }
  }

  private inner<T>(key: string, value: unknown, read: (item: Reader) => T): T | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.wrong(key, value, 'an object, as JSON');
      return undefined;
    }
    const reader = new Reader(
      value as Record<string, unknown>,
      `${this.path}${key}.`,
      this.mistakes,
    );
    const result = read(reader);
    reader.refuseUnknown();
    return result;
  }

  private take(key: string): unknown {
    this.known.add(key);
    return this.given[key];
  }

  private json(key: string, value: unknown): unknown {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      this.mistakes.push(`Setting ${this.path}${key} is not JSON.`);
      return [];
    }
  }

  private matching(key: string, value: unknown, pattern: RegExp, what: string): string {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && pattern.test(text)) return text;
    this.wrong(key, value, what);
    return '';
  }

  private wrong(key: string, value: unknown, what: string): void {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    this.mistakes.push(
      `Setting ${this.path}${key} is ${shown ?? 'missing'}; it has to be ${what}.`,
    );
  }
}
