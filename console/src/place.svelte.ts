/** The place in the console that the address keeps over a reload: `#channel=main&in=…&out=…`. */

/** The names in the hash. Times are ms since 1970. */
export type PlaceName = 'screen' | 'competition' | 'channel' | 'at' | 'in' | 'out' | 'clip';

class Place {
  #values = $state.raw<ReadonlyMap<string, string>>(read());

  constructor() {
    globalThis.addEventListener?.('hashchange', () => this.reread());
  }

  /** Reads the address again. A login brings the hash back without an event. */
  reread(): void {
    this.#values = read();
  }

  /** The value of a name, if the address has it. */
  get(name: PlaceName): string | undefined {
    return this.#values.get(name);
  }

  /** The value of a name as a time. */
  time(name: PlaceName): number | undefined {
    const ms = Number(this.get(name) ?? Number.NaN);
    return Number.isFinite(ms) ? ms : undefined;
  }

  /** Changes values. `undefined` removes a name. The browser's history gets no entry. */
  set(changes: Partial<Record<PlaceName, string | number | undefined>>): void {
    const next = new Map(this.#values);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined || value === '') next.delete(name);
      else next.set(name, String(value));
    }
    const hash = new URLSearchParams([...next]).toString();
    if (hash === new URLSearchParams([...this.#values]).toString()) return;
    this.#values = next;
    history.replaceState(
      history.state,
      '',
      hash ? `#${hash}` : location.pathname + location.search,
    );
  }
}

function read(): ReadonlyMap<string, string> {
  return new Map(new URLSearchParams(globalThis.location?.hash.slice(1) ?? ''));
}

/** The place of this page. */
export const place = new Place();
