/** The part of the startover window that the detailed timeline shows. */

/** The spans that zooming steps through, in ms. */
export const SPANS: readonly number[] = [
  5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 3_600_000,
];
const DEFAULT_SPAN = 120_000;
/** If the picture gets this near to the end of the timeline, the timeline moves on. */
const TURN_AT = 0.94;
/** Where the picture is then. */
const TURN_TO = 0.6;

export class TimelineView {
  from = $state(0);
  span = $state(DEFAULT_SPAN);
  /** Whether the timeline turns like a page when the picture reaches its end. */
  follows = $state(true);

  get to(): number {
    return this.from + this.span;
  }

  /** The share of the width at which a date lies, from 0 to 1 if it is shown. */
  shareOf(date: number): number {
    return (date - this.from) / this.span;
  }

  dateAt(share: number): number {
    return this.from + share * this.span;
  }

  shows(date: number): boolean {
    return date >= this.from && date <= this.to;
  }

  /**
   * Keeps the picture on the timeline. While it plays, the timeline stands, and turns when the
   * picture comes to its end: what stands can be read and clicked.
   */
  follow(now: number, isPlaying: boolean): void {
    if (!this.follows && !this.shows(now)) return;
    this.follows = true;
    const share = this.shareOf(now);
    if (share < 0 || share > 1) this.from = now - this.span * TURN_TO;
    else if (isPlaying && share > TURN_AT) this.from = now - this.span * TURN_TO;
  }

  /** Shows a date in the middle, whether or not the picture is there. */
  show(date: number): void {
    this.follows = false;
    this.from = date - this.span / 2;
  }

  /** Shows a stretch with some time around it. */
  showStretch(start: number, end: number): void {
    const length = (end - start) * 1.4;
    this.span = SPANS.find((it) => it >= length) ?? SPANS.at(-1) ?? DEFAULT_SPAN;
    this.show((start + end) / 2);
  }

  pan(ms: number): void {
    this.follows = false;
    this.from += ms;
  }

  /** Shows less (`steps` < 0) or more time. The date of the anchor stays where it is. */
  zoom(steps: number, anchor: number): void {
    const index = SPANS.findIndex((it) => it >= this.span);
    const span = SPANS[Math.min(SPANS.length - 1, Math.max(0, index + steps))] ?? this.span;
    const share = Math.min(1, Math.max(0, this.shareOf(anchor)));
    this.span = span;
    this.from = anchor - share * span;
  }
}
