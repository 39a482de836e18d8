/** Measures how fast bytes are sent, and estimates the time left. */

/** The seconds that the speed is averaged over: long enough to read, short enough to be true. */
const WINDOW_MS = 10_000;
/** Time between two samples that are kept. */
const SAMPLE_MS = 250;

/** The speed over the last ten seconds. */
export class Speed {
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** Records how many bytes were sent until now, in milliseconds. */
  record(bytes: number, now: number): void {
    const last = this.#samples.at(-1);
    if (last && bytes < last.bytes) this.#samples.length = 0;
    else if (last && now - last.at < SAMPLE_MS) return;
    this.#samples.push({ at: now, bytes });
    while ((this.#samples[1]?.at ?? now) <= now - WINDOW_MS) this.#samples.shift();
  }

  /** Forgets what was measured: the line was interrupted. */
  reset(): void {
    this.#samples.length = 0;
  }

  /** Bytes per second; `undefined` during the first second. */
  bytesPerSecond(now: number): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.at < 1000) return undefined;
    return ((last.bytes - first.bytes) / (now - first.at)) * 1000;
  }

  /** Seconds until the rest is sent; `undefined` if nothing is known or nothing moves. */
  secondsLeft(bytesLeft: number, now: number): number | undefined {
    const speed = this.bytesPerSecond(now);
    return speed ? bytesLeft / speed : undefined;
  }
}
