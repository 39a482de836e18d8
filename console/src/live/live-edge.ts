/** Follows the live edge between two reads of the manifest, and notices when it stands still. */

/** How long the newest observations count. */
const MEMORY_MS = 30_000;

/** The live edge. `clock` is a time that never jumps, in ms, such as `performance.now()`. */
export class LiveEdge {
  #seen: { edge: number; clock: number }[] = [];
  #movedAt: number | undefined;

  constructor(private readonly segmentMs: number) {}

  /** Notes the end of the newest segment. */
  observe(edge: number, clock: number): void {
    const last = this.#seen.at(-1);
    if (last && edge <= last.edge) return;
    this.#movedAt = clock;
    this.#seen.push({ edge, clock });
    this.#seen = this.#seen.filter((it) => it.clock >= clock - MEMORY_MS);
  }

  /** The newest edge that was seen. */
  get last(): number | undefined {
    return this.#seen.at(-1)?.edge;
  }

  /**
   * The edge at a time. It moves evenly, although segments arrive in steps: it is ahead of what was
   * seen by up to the time until the next segment. If the stream stands, the edge stands.
   */
  at(clock: number): number | undefined {
    const last = this.#seen.at(-1);
    if (!last) return undefined;
    if (this.isStanding(clock)) return last.edge;
    const lead = Math.max(...this.#seen.map((it) => it.edge - it.clock));
    return Math.min(Math.max(last.edge, clock + lead), last.edge + 2 * this.segmentMs);
  }

  /** For how long no new segment has arrived, in ms. */
  silence(clock: number): number {
    return this.#movedAt === undefined ? 0 : clock - this.#movedAt;
  }

  /** Whether the newest segment is older than three segments. */
  isStanding(clock: number): boolean {
    return this.silence(clock) > 3 * this.segmentMs + 1000;
  }
}
