/** What a person chooses for this browser: language, theme, times, sound, precision, marks, keys. */

import { DEFAULT_LEAD, type Lead } from '../mark/channel-mark.ts';

/** The name in `localStorage`. */
const STORAGE_KEY = 'matchcut.settings';

/** `system` follows the operating system. */
export type Theme = 'system' | 'dark' | 'light';
/** Whether times are shown in UTC, as on a broadcast clock, or in the zone of the browser. */
export type Times = 'utc' | 'local';
/** Whether a clip gets exact frames, or stays cut to segments. */
export type Precision = 'frame' | 'segment';

/** The saved settings. A setting that is absent has its default. */
export interface Saved {
  language?: string | undefined;
  theme?: Theme;
  times?: Times;
  /** Whether a failed clip makes a sound. */
  sound?: boolean;
  /** How precisely clips are cut. Absent: as the channel is set. */
  precision?: Precision | undefined;
  /** The label of the last mark. */
  markLabel?: string;
  /** How much of the stream before and after a mark becomes in and out, in ms. */
  lead?: Lead;
  /** The chords of actions that were remapped, by the id of the action. */
  keys?: Record<string, string[]>;
}

class Settings {
  #saved = $state<Saved>(read());
  /** The defaults of the page and of its branding. */
  defaults = $state<{ theme: Theme; times: Times }>({ theme: 'system', times: 'local' });

  get language(): string | undefined {
    return this.#saved.language;
  }
  get theme(): Theme {
    return this.#saved.theme ?? this.defaults.theme;
  }
  get times(): Times {
    return this.#saved.times ?? this.defaults.times;
  }
  get sound(): boolean {
    return this.#saved.sound ?? true;
  }
  get precision(): Precision | undefined {
    return this.#saved.precision;
  }
  get markLabel(): string {
    return this.#saved.markLabel ?? '';
  }
  get lead(): Lead {
    return this.#saved.lead ?? DEFAULT_LEAD;
  }
  get keys(): Record<string, string[]> {
    return this.#saved.keys ?? {};
  }

  /** Changes settings and saves them. */
  save(changes: Saved): void {
    this.#saved = { ...this.#saved, ...changes };
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify(this.#saved));
    } catch {
      // Storage is full or forbidden: the settings hold until the page is closed.
    }
  }

  /** Shows the theme: `theme.css` reads the attribute. Call it in an effect. */
  applyTheme(): void {
    document.documentElement.dataset['theme'] = this.theme;
  }
}

function read(): Saved {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
    return typeof saved === 'object' && saved !== null ? (saved as Saved) : {};
  } catch {
    return {};
  }
}

/** The settings of this browser. */
export const settings = new Settings();
