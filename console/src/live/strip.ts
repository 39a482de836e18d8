/** Keeps the pictures and sound levels of the timeline, and reads what is missing. */

import { createSubscriber } from 'svelte/reactivity';
import type { StripAnswer, StripQuestion } from './strip.worker.ts';

/** Something that the timeline wants to draw. */
export interface Wanted {
  readonly kind: 'picture' | 'levels';
  readonly url: string;
  /** For a picture: how long after the segment's first frame, in seconds. */
  readonly after: number;
}

/** The part of a worker that is used. */
export interface StripWorker {
  postMessage(question: StripQuestion): void;
  onmessage: ((event: MessageEvent<StripAnswer>) => void) | null;
  terminate(): void;
}

/** The size of pictures, in pixels. */
export const PICTURE_WIDTH = 160;
export const PICTURE_HEIGHT = 90;
/** Sound levels of each segment. */
export const LEVELS = 96;
/** Most pictures and most levels that are kept. */
const MAX_KEPT = 300;
/** Segments that are read at once. */
const MAX_RUNNING = 2;

interface Kept {
  readonly picture?: ImageBitmap;
  readonly levels?: Float32Array;
}

/** Pictures and levels by segment. Components that read it follow its changes. */
export class Strip {
  readonly #kept = new Map<string, Kept>();
  #wanted: readonly Wanted[] = [];
  readonly #running = new Map<number, { key: string; isCanceled: boolean }>();
  #lastId = 0;
  #worker: StripWorker | undefined;
  #update = () => {};
  readonly #subscribe = createSubscriber((update) => {
    this.#update = update;
    return () => {
      this.#update = () => {};
    };
  });

  constructor(private readonly startWorker: () => StripWorker) {}

  /** A picture, if it has been read. */
  picture(url: string, after: number): ImageBitmap | undefined {
    this.#subscribe();
    return this.#use(keyOf({ kind: 'picture', url, after }))?.picture;
  }

  /** The sound levels of a segment, if they have been read. */
  levels(url: string): Float32Array | undefined {
    this.#subscribe();
    return this.#use(keyOf({ kind: 'levels', url, after: 0 }))?.levels;
  }

  /** Reads these, the first ones first. What was wanted before and is not any more is canceled. */
  want(wanted: readonly Wanted[]): void {
    const keys = new Set(wanted.map(keyOf));
    for (const [id, it] of this.#running) {
      if (keys.has(it.key) || it.isCanceled) continue;
      it.isCanceled = true;
      this.#worker?.postMessage({ id, kind: 'cancel' });
    }
    this.#wanted = wanted.filter((it) => !this.#kept.has(keyOf(it)));
    this.#next();
  }

  close(): void {
    this.#worker?.terminate();
    for (const it of this.#kept.values()) it.picture?.close();
    this.#kept.clear();
  }

  #next(): void {
    const reading = new Set([...this.#running.values()].map((it) => it.key));
    for (const it of this.#wanted) {
      if (this.#running.size >= MAX_RUNNING) return;
      const key = keyOf(it);
      if (this.#kept.has(key) || reading.has(key)) continue;
      this.#ask(it, key);
    }
  }

  #ask({ kind, url, after }: Wanted, key: string): void {
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    this.#running.set(id, { key, isCanceled: false });
    this.#worker.postMessage(
      kind === 'levels'
        ? { id, kind, url, count: LEVELS }
        : { id, kind, url, width: PICTURE_WIDTH, height: PICTURE_HEIGHT, after },
    );
  }

  #start(): StripWorker {
    const worker = this.startWorker();
    worker.onmessage = ({ data }) => {
      const asked = this.#running.get(data.id);
      this.#running.delete(data.id);
      // A segment that could not be read is not asked for again while it is kept as empty.
      if (asked && !asked.isCanceled) this.#keep(asked.key, data);
      else data.picture?.close();
      this.#next();
    };
    return worker;
  }

  #keep(key: string, { picture, levels }: StripAnswer): void {
    this.#kept.set(key, { ...(picture && { picture }), ...(levels && { levels }) });
    for (const old of [...this.#kept.keys()].slice(0, -2 * MAX_KEPT)) {
      this.#kept.get(old)?.picture?.close();
      this.#kept.delete(old);
    }
    this.#update();
  }

  /** What was used last is forgotten last. */
  #use(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }
}

/** The worker of the browser. */
export function startStripWorker(): StripWorker {
  return new Worker(new URL('./strip.worker.ts', import.meta.url), { type: 'module' });
}

function keyOf({ kind, url, after }: Wanted): string {
  return `${kind} ${after.toFixed(3)} ${url}`;
}
