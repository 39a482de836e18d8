/** Reads and checks settings. Collects one message for each mistake. */

/** The form of the ARN of a secret. */
export const SECRET = /^arn:aws[a-z-]*:secretsmanager:/;

export class SettingsReader {
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
      this.mistakes.push(`Setting ${this.path}${key} is missing. It must be ${what}.`);
      return '';
    }
    return this.checkPattern(key, value, pattern, what);
  }

  optionalText(key: string, pattern: RegExp, what: string): string | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : this.checkPattern(key, value, pattern, what);
  }

  oneOf<T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.take(key) ?? fallback;
    const choice = choices.find((it) => it === value);
    if (choice === undefined) this.addMistake(key, value, choices.join(' or '));
    return choice ?? fallback;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.take(key) ?? fallback;
    if (value === true || value === 'true') return true;
    if (value !== false && value !== 'false') this.addMistake(key, value, 'true or false');
    return false;
  }

  whole(key: string, fallback: number | undefined, min: number, max: number): number {
    const value = this.take(key) ?? fallback;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max)
      return number;
    this.addMistake(key, value, `a whole number from ${min} to ${max}`);
    return min;
  }

  optionalWhole(key: string, min: number, max: number): number | undefined {
    return this.given[key] === undefined
      ? (this.take(key) as undefined)
      : this.whole(key, undefined, min, max);
  }

  /** Whole numbers by name, as a JSON object. A single number applies to every name. */
  optionalWholes(
    key: string,
    names: RegExp,
    what: string,
    min: number,
    max: number,
  ): Record<string, number> | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(String(value))) return { '*': this.whole(key, undefined, min, max) };
    return this.readObject(key, this.parseJson(key, value), (reader) => {
      const named = Object.keys(reader.given);
      for (const name of named.filter((it) => !names.test(it)))
        this.mistakes.push(`Setting ${this.path}${key} has the name ${name}. It must be ${what}.`);
      return Object.fromEntries(
        named.map((name) => [name, reader.whole(name, undefined, min, max)]),
      );
    });
  }

  /** A list of texts: JSON, or one text with commas. */
  texts(
    key: string,
    fallback: readonly string[],
    pattern: RegExp,
    what: string,
  ): readonly string[] {
    const value = this.take(key) ?? fallback;
    const plain = typeof value === 'string' && !value.trimStart().startsWith('[');
    const list = plain ? value.split(',').map((it) => it.trim()) : this.parseJson(key, value);
    if (!Array.isArray(list)) {
      this.addMistake(key, value, 'a list');
      return fallback;
    }
    return list.map((item) => this.checkPattern(key, item, pattern, what));
  }

  list<T>(key: string, fallback: readonly T[], read: (item: SettingsReader) => T): readonly T[] {
    const value = this.take(key);
    if (value === undefined) return fallback;
    const list = this.parseJson(key, value);
    if (!Array.isArray(list)) {
      this.addMistake(key, value, 'a JSON list');
      return fallback;
    }
    return list
      .map((item, at) => this.readObject(`${key}[${at}]`, item, read))
      .filter((item) => item !== undefined);
  }

  optionalObject<T>(key: string, read: (item: SettingsReader) => T): T | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : this.readObject(key, this.parseJson(key, value), read);
  }

  /** Adds a mistake of the object that is read: `Setting channels[0].captions <words>`. */
  refuse(words: string): void {
    this.mistakes.push(`Setting ${this.path.slice(0, -1)} ${words}`);
  }

  /** Reports settings that were given but never read, which are spelling mistakes. */
  refuseUnknown(): void {
    for (const key of Object.keys(this.given).filter((it) => !this.known.has(it))) {
      this.mistakes.push(
        `Unknown setting ${this.path}${key}. Known settings: ${[...this.known].join(', ')}.`,
      );
    }
  }

  private readObject<T>(
    key: string,
    value: unknown,
    read: (item: SettingsReader) => T,
  ): T | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.addMistake(key, value, 'a JSON object');
      return undefined;
    }
    const reader = new SettingsReader(
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

  private parseJson(key: string, value: unknown): unknown {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      this.mistakes.push(`Setting ${this.path}${key} is not valid JSON.`);
      return [];
    }
  }

  private checkPattern(key: string, value: unknown, pattern: RegExp, what: string): string {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && pattern.test(text)) return text;
    this.addMistake(key, value, what);
    return '';
  }

  private addMistake(key: string, value: unknown, what: string): void {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    this.mistakes.push(`Setting ${this.path}${key} is ${shown ?? 'missing'}. It must be ${what}.`);
  }
}
