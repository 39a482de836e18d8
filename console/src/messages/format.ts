/** Formats numbers, times and durations for a locale. */

/** How times are shown. */
export interface FormatOptions {
  readonly locale: string;
  readonly zone: 'utc' | 'local';
}

/** Formatters of one locale and time zone. Times are in ms since 1970, durations in ms. */
export class Format {
  readonly #zone: { timeZone?: string };
  readonly #number: Intl.NumberFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  constructor(readonly options: FormatOptions) {
    this.#zone = options.zone === 'utc' ? { timeZone: 'UTC' } : {};
    this.#number = new Intl.NumberFormat(options.locale);
    // `h23` in each locale: a broadcast clock has 24 hours.
    this.#clock = new Intl.DateTimeFormat(options.locale, {
      ...this.#zone,
      hourCycle: 'h23',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    this.#date = new Intl.DateTimeFormat(options.locale, {
      ...this.#zone,
      day: 'numeric',
      month: 'short',
      year: 'numeric',
    });
    this.#relative = new Intl.RelativeTimeFormat(options.locale, { numeric: 'auto' });
  }

  number(value: number, options?: Intl.NumberFormatOptions): string {
    return options
      ? new Intl.NumberFormat(this.options.locale, options).format(value)
      : this.#number.format(value);
  }

  /** `13:30:58`. With `digits` the fraction follows: `13:30:58.120`. */
  time(ms: number, digits = 0): string {
    const text = this.#clock.format(ms);
    if (!digits) return text;
    const fraction = String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, '0');
    return `${text}.${fraction.slice(0, digits)}`;
  }

  /** `3 Feb 2020`. */
  date(ms: number): string {
    return this.#date.format(ms);
  }

  /** `3 Feb 2020, 13:30`. */
  dateTime(ms: number): string {
    return new Intl.DateTimeFormat(this.options.locale, {
      ...this.#zone,
      dateStyle: 'medium',
      timeStyle: 'short',
      hourCycle: 'h23',
    }).format(ms);
  }

  /** `0:12`, `2:10`, `1:02:03`: the length of a clip. */
  duration(ms: number): string {
    const seconds = Math.max(0, Math.round(ms / 1000));
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const tail = `${h ? String(m).padStart(2, '0') : m}:${String(s).padStart(2, '0')}`;
    return h ? `${h}:${tail}` : tail;
  }

  /** `8.20 s`: the symbol is the same in every language, and does not part from its number. */
  seconds(ms: number, digits = 2): string {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return `${this.number(ms / 1000, options)}\u202fs`;
  }

  /** `40 s`, `12 min`, `2.5 h`: about how long something takes. */
  span(ms: number): string {
    const seconds = Math.max(0, ms / 1000);
    const [unit, size] =
      seconds < 90 ? ['second', 1] : seconds < 5400 ? ['minute', 60] : ['hour', 3600];
    return this.number(seconds / Number(size), {
      style: 'unit',
      unit: String(unit),
      unitDisplay: 'short',
      maximumFractionDigits: unit === 'hour' ? 1 : 0,
    });
  }

  /** `3 min. ago`, `in 2 hr.` */
  relative(ms: number, now: number): string {
    const seconds = (ms - now) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
    return this.#relative.format(Math.round(seconds / size), unit);
  }

  /** `84 MB`. */
  bytes(value: number): string {
    const exponent = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
    const unit = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'][exponent] ?? 'byte';
    return this.number(value / 1000 ** exponent, {
      style: 'unit',
      unit,
      unitDisplay: 'short',
      maximumSignificantDigits: 3,
    });
  }

  percent(share: number): string {
    return this.number(share, { style: 'percent', maximumFractionDigits: 0 });
  }

  money(value: number, currency: string): string {
    return this.number(value, { style: 'currency', currency });
  }
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
