/** The downloads of this page. They go on while the operator looks at other clips. */

import { SvelteMap } from 'svelte/reactivity';
import type { Clip } from '../clip/clip.ts';
import {
  DownloadError,
  type DownloadOptions,
  type DownloadProblem,
  downloadMp4,
} from './download.ts';

/** A download that is being made, or that has failed. */
export interface Download {
  /** The share that is done, from 0 to 1. */
  readonly share: number;
  /** Why it failed. */
  readonly problem?: DownloadProblem;
}

/** Makes a file; `downloadMp4` but in tests. */
type Make = (
  clip: Clip,
  onProgress: (share: number) => void,
  signal: AbortSignal,
  options: DownloadOptions,
) => Promise<void>;

export class Downloads {
  readonly #all = new SvelteMap<string, Download>();
  readonly #aborters = new Map<string, AbortController>();

  constructor(private readonly make: Make = downloadMp4) {}

  /** The download of a clip, by the clip's id. */
  find(clip: string): Download | undefined {
    return this.#all.get(clip);
  }

  /** Whether closing the page would lose a file. */
  get isActive(): boolean {
    return [...this.#all.values()].some(({ problem }) => !problem);
  }

  /** Makes the file of a clip. Waits for `ready` first, which gets cookies for example. */
  async start(clip: Clip, ready: Promise<void>, options: DownloadOptions = {}): Promise<void> {
    const aborter = new AbortController();
    this.#aborters.set(clip.clip, aborter);
    const show = (download: Download) => {
      if (!aborter.signal.aborted) this.#all.set(clip.clip, download);
    };
    show({ share: 0 });
    try {
      await ready;
      await this.make(clip, (share) => show({ share }), aborter.signal, options);
      this.cancel(clip.clip);
    } catch (error) {
      // An operator who closes the browser's question has canceled too.
      if (error instanceof DOMException && error.name === 'AbortError') this.cancel(clip.clip);
      else {
        const problem = error instanceof DownloadError ? error.problem : 'unreachable';
        show({ share: 0, problem });
        if (!aborter.signal.aborted) console.warn(error);
      }
    }
  }

  /** Stops a download, and forgets it. */
  cancel(clip: string): void {
    this.#aborters.get(clip)?.abort();
    this.#aborters.delete(clip);
    this.#all.delete(clip);
  }
}

/** The downloads of this page. */
export const downloads = new Downloads();
