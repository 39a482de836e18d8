/** The pictures of clips: those of the service, or pictures that the browser grabs for visible cards. */

import { SvelteMap } from 'svelte/reactivity';
import type { Clip } from './part.ts';

/** Pictures that are grabbed at once. */
const MAX_RUNNING = 2;
/** Pictures that are kept. Older ones are grabbed again if they are seen again. */
const MAX_KEPT = 200;

/** Grabs the picture of a clip. */
export type Grab = (clip: Clip, signal: AbortSignal) => Promise<Blob | undefined>;

/** Pictures by clip. */
export class Pictures {
  readonly #urls = new SvelteMap<string, string>();
  readonly #without = new Set<string>();
  readonly #waiting = new Map<string, Clip>();
  readonly #running = new Map<string, AbortController>();

  constructor(
    private readonly grab: Grab,
    /** Whether bytes may be spent on pictures now. */
    private readonly mayGrab: () => boolean,
  ) {}

  /** The address of a clip's picture, if there is one by now. */
  of(clip: Clip): string | undefined {
    return clip.poster ?? clip.thumbnails?.[0] ?? this.#urls.get(clip.clip);
  }

  /** A card has become visible: its picture is grabbed when it is its turn. */
  want(clip: Clip): void {
    if (this.of(clip) || this.#without.has(clip.clip) || !this.mayGrab()) return;
    this.#waiting.set(clip.clip, clip);
    this.#run();
  }

  /** A card has left the screen: its picture is not needed now. */
  unwant({ clip }: Clip): void {
    this.#waiting.delete(clip);
    this.#running.get(clip)?.abort();
  }

  #run(): void {
    for (const [id, clip] of this.#waiting) {
      if (this.#running.size >= MAX_RUNNING) return;
      this.#waiting.delete(id);
      void this.#grab(clip);
    }
  }

  async #grab(clip: Clip): Promise<void> {
    const aborter = new AbortController();
    this.#running.set(clip.clip, aborter);
    try {
      const picture = await this.grab(clip, aborter.signal);
      if (picture) this.#keep(clip.clip, picture);
      else this.#without.add(clip.clip);
    } catch {
      // A picture that could not be read is not tried again on this page, a cancelled one is.
      if (!aborter.signal.aborted) this.#without.add(clip.clip);
    } finally {
      if (this.#running.get(clip.clip) === aborter) this.#running.delete(clip.clip);
      this.#run();
    }
  }

  #keep(id: string, picture: Blob): void {
    this.#urls.set(id, URL.createObjectURL(picture));
    for (const [oldest, url] of this.#urls) {
      if (this.#urls.size <= MAX_KEPT) return;
      this.#urls.delete(oldest);
      URL.revokeObjectURL(url);
    }
  }
}

/** Whether the connection has bytes to spare, as far as the browser says. */
export function hasBytesToSpare(): boolean {
  const { connection } = navigator as {
    connection?: { saveData?: boolean; effectiveType?: string };
  };
  if (connection?.saveData || /2g|3g/.test(connection?.effectiveType ?? '')) return false;
  return 'VideoDecoder' in window && !matchMedia('(prefers-reduced-data: reduce)').matches;
}
