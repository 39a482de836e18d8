/** Knows the segments of the whole startover window, page by page, without loading their media. */

import { createSubscriber } from 'svelte/reactivity';
import { type StoredSegment, segmentsOf, smallestRendition } from './playlist.ts';
import {
  endOf,
  gapsBetween,
  joinStretches,
  type Segment,
  type Stretch,
  stretchesOf,
} from './segment.ts';
import {
  type Holding,
  type ManifestWindow,
  manifestUrl,
  nearWindow,
  PAGE_MS,
  pageOf,
  pageStart,
} from './windows.ts';

/** Most pages whose segments are kept. Of older pages only the stretches on air are kept. */
const MAX_PAGES = 6;
/** Reads text; returns nothing if it is not found. */
export type ReadText = (url: string, signal: AbortSignal) => Promise<string | undefined>;

interface Page {
  readonly window: ManifestWindow;
  readonly segments: readonly StoredSegment[];
}

/** The segments of one channel. Components that read it follow its changes. */
export class SegmentIndex {
  readonly #pages = new Map<number, Page>();
  readonly #reading = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #recent: Page = { window: { start: Number.POSITIVE_INFINITY }, segments: [] };
  #recentRendition: string | undefined;
  /** Segments that the player has seen since the recent page was read. Their URLs are not known. */
  #newest: readonly Segment[] = [];
  #onAir: readonly Stretch[] = [];
  #update = () => {};
  readonly #subscribe = createSubscriber((update) => {
    this.#update = update;
    return () => {
      this.#update = () => {};
    };
  });

  constructor(
    private readonly manifest: string,
    private readonly holding: () => Holding | undefined,
    private readonly read: ReadText = readText,
  ) {}

  /** The stretches on air, as far as they are known. */
  get onAir(): readonly Stretch[] {
    this.#subscribe();
    return this.#onAir;
  }

  /** The times off air between stretches on air. */
  get offAir(): readonly Stretch[] {
    return gapsBetween(this.onAir);
  }

  /** The segments that are known of a stretch, in order. */
  segments({ start, end }: Stretch): Segment[] {
    this.#subscribe();
    const older = [...this.#pages.values()]
      .sort((a, b) => a.window.start - b.window.start)
      .flatMap((page) => page.segments);
    const found: Segment[] = [];
    for (const it of [...older, ...this.#recent.segments, ...this.#newest]) {
      const isNew = it.start >= (found.length ? endOf(found.at(-1) as Segment) : start) - 250;
      if (isNew && it.start < end && endOf(it) > start) found.push(it);
    }
    return found;
  }

  /** The segments of a stretch whose media can be read. */
  stored(stretch: Stretch): StoredSegment[] {
    return this.segments(stretch).filter((it): it is StoredSegment => 'url' in it);
  }

  /** Reads what is missing of a stretch. */
  async ensure({ start, end }: Stretch): Promise<void> {
    const holding = this.holding();
    if (!holding) return;
    await this.#ensureRecent(end, holding);
    const jobs: Promise<void>[] = [];
    const until = Math.min(end, this.#recent.window.start);
    for (let at = Math.max(start, pageStart(holding)); at < until; at = pageKey(at) + PAGE_MS) {
      jobs.push(this.#ensurePage(at, holding));
    }
    await Promise.all(jobs);
  }

  /** Takes the newest segments from the player. */
  observe(segments: readonly Segment[]): void {
    const known = this.#recent.segments.at(-1);
    const after = known ? endOf(known) - 250 : (segments[0]?.start ?? 0);
    this.#newest = segments.filter((it) => it.start >= after);
    this.#addOnAir(segments);
  }

  /** Stops all requests. */
  close(): void {
    this.#stop.abort();
  }

  async #ensureRecent(end: number, holding: Holding): Promise<void> {
    const last = this.#recent.segments.at(-1);
    if (last && endOf(last) >= Math.min(end, holding.edge - last.duration)) return;
    const isOld = this.#recent.window.start < holding.oldest || !this.#recentRendition;
    const window =
      isOld || holding.edge - this.#recent.window.start > 1.5 * PAGE_MS
        ? nearWindow(holding)
        : this.#recent.window;
    await this.#once('recent', async () => {
      if (window !== this.#recent.window || !this.#recentRendition) {
        this.#recentRendition = await this.#rendition(window);
      }
      const url = this.#recentRendition;
      const text = url && (await this.read(url, this.#stop.signal));
      if (!text) return;
      this.#recent = { window, segments: segmentsOf(text, url) };
      this.observe(this.#newest);
      this.#addOnAir(this.#recent.segments);
    });
  }

  async #ensurePage(at: number, holding: Holding): Promise<void> {
    const key = pageKey(at);
    const known = this.#pages.get(key);
    if (known) {
      // The page that was used last is the last to be forgotten.
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return;
    }
    await this.#once(`page ${key}`, async () => {
      const window = pageOf(at, holding);
      if ((window.end ?? 0) <= window.start) return;
      const url = await this.#rendition(window);
      const text = url && (await this.read(url, this.#stop.signal));
      const segments = text ? segmentsOf(text, url) : [];
      this.#pages.set(key, { window, segments });
      for (const old of [...this.#pages.keys()].slice(0, -MAX_PAGES)) this.#pages.delete(old);
      this.#addOnAir(segments);
    });
  }

  async #rendition(window: ManifestWindow): Promise<string | undefined> {
    const url = manifestUrl(this.manifest, window);
    const text = await this.read(url, this.#stop.signal);
    return text && smallestRendition(text, url);
  }

  /** Reads once, however many ask meanwhile. A failed read is repeated when somebody asks again. */
  #once(key: string, read: () => Promise<void>): Promise<void> {
    const running = this.#reading.get(key);
    if (running) return running;
    const reading = read()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          console.warn(`could not read ${key} of the timeline`, error);
      })
      .finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  #addOnAir(segments: readonly Segment[]): void {
    const oldest = this.holding()?.oldest ?? 0;
    this.#onAir = joinStretches(this.#onAir, stretchesOf(segments)).filter((it) => it.end > oldest);
    this.#update();
  }
}

function pageKey(date: number): number {
  return Math.floor(date / PAGE_MS) * PAGE_MS;
}

async function readText(url: string, signal: AbortSignal): Promise<string | undefined> {
  const reply = await fetch(url, { signal });
  if (reply.status === 404) return undefined;
  if (!reply.ok) throw new Error(`GET ${url} answered ${reply.status}`);
  return reply.text();
}
