/** Moves between the viewer's pages without loading them again: links stay links. */

import { type Address, parseAddress } from './address.ts';

/** What the history keeps of a page, so that "back" shows it as it was. */
export interface Kept {
  /** How far the page was scrolled, in pixels. */
  readonly scroll?: number;
  /** How many clips the list had. */
  readonly shown?: number;
}

/** How a page was reached. A page that was left is shown as it was. */
export type Arrival = 'loaded' | 'followed' | 'returned';

/** The address of the page, as state. */
export class Navigation {
  path = $state(location.pathname);
  search = $state(location.search);
  hash = $state(location.hash);
  arrival = $state<Arrival>('loaded');
  readonly address: Address = $derived(parseAddress(this.path));
  /** The number of clips of the list that is shown now. */
  shown: () => number = () => 0;

  /** The value of a parameter of the address. */
  parameter(name: string): string | undefined {
    return new URLSearchParams(this.search).get(name) || undefined;
  }

  /** What the history kept of this page. */
  get kept(): Kept {
    return (history.state as Kept | null) ?? {};
  }

  /** Follows the history and the clicks on links. Returns what ends it. */
  listen(): () => void {
    const ended = new AbortController();
    const { signal } = ended;
    history.scrollRestoration = 'manual';
    window.addEventListener('popstate', () => this.#read('returned'), { signal });
    window.addEventListener('pagehide', () => this.#keep(), { signal });
    document.addEventListener('click', (event) => this.#follow(event), { signal });
    return () => ended.abort();
  }

  /** Shows another page. */
  go(path: string): void {
    this.#keep();
    history.pushState(null, '', path);
    this.#read('followed');
  }

  #read(arrival: Arrival): void {
    this.arrival = arrival;
    this.path = location.pathname;
    this.search = location.search;
    this.hash = location.hash;
  }

  #keep(): void {
    const kept: Kept = { scroll: scrollY, shown: this.shown() };
    history.replaceState(kept, '');
  }

  /** A plain click on a link to one of the pages shows it here. Every other click is the browser's. */
  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || parseAddress(url.pathname).page === 'none') return;
    if (url.pathname === location.pathname && url.hash) return;
    event.preventDefault();
    this.go(url.pathname + url.search + url.hash);
  }
}
