/** The live screen's state: the channel on air, the picture, the marks, and what a cut will give. */

import type { Schema } from '../api/client.ts';
import type { CutRequest } from '../clip/clip.ts';
import type { Step } from '../clip/undo.ts';
import { type Bounds, predictBounds, type WindowProblem, windowProblem } from './bounds.ts';
import { LiveEdge } from './live-edge.ts';
import { type MarkedWindow, Marks } from './marks.svelte.ts';
import { Player } from './player.svelte.ts';
import { frameDuration, frameStart, type Stretch } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';
import { Sound } from './sound.svelte.ts';
import { Strip, startStripWorker } from './strip.ts';
import { TimelineView } from './timeline-view.svelte.ts';
import type { Holding } from './windows.ts';

/** A live channel, as the API describes it. */
export type Channel = Schema<'Channel'>;

/**
 * What the operator should know about the picture. `loading`: the first frame is on its way.
 * `standing`: no segment has come for a while. `empty`: nothing has aired yet.
 */
export type Air =
  | 'none'
  | 'loading'
  | 'live'
  | 'starting'
  | 'off'
  | 'standing'
  | 'empty'
  | 'encrypted';

/** What the live screen needs from the rest of the console. */
export interface LiveViewOptions {
  /** The channel that is shown. */
  channel(): Channel | undefined;
  push(step: Step): void;
  /** What a reload brings back. */
  readonly kept: MarkedWindow & { readonly at?: number | undefined };
  keep(place: { at?: number | undefined; in?: number | undefined; out?: number | undefined }): void;
}

/** How often the clock of the screen moves, in ms. The picture has its own. */
const TICK_MS = 250;
/** How long before and after in and out segments are read for the bounds, in ms. */
const AROUND_MS = 120_000;

export class LiveView {
  readonly player = new Player();
  readonly sound = new Sound();
  readonly timeline = new TimelineView();
  readonly marks: Marks;
  readonly strip = new Strip(startStripWorker);
  /** The segments of the channel. */
  index = $state.raw<SegmentIndex>();

  /** A time that never jumps, in ms; it makes the screen age. */
  #clock = $state(performance.now());
  #edge = $state.raw(new LiveEdge(2000));
  #shownChannel: string | undefined;
  /** The last date of a channel that was shown: another channel starts there. */
  #lastDate: number | undefined;
  #startsLive = true;

  constructor(private readonly options: LiveViewOptions) {
    const { at, in: start, out: end } = options.kept;
    this.#lastDate = at;
    this.#startsLive = at === undefined;
    this.marks = new Marks(
      { push: (step) => options.push(step), keep: (window) => this.#keep(window) },
      { in: start, out: end },
    );
  }

  get channel(): Channel | undefined {
    return this.options.channel();
  }

  get segmentMs(): number {
    return (this.channel?.segmentSeconds ?? 2) * 1000;
  }

  /** The live edge: it moves evenly. */
  get edge(): number | undefined {
    return this.#edge.at(this.#clock) ?? dateOf(this.channel?.window?.end);
  }

  /** The start of what the channel still holds. */
  get oldest(): number | undefined {
    const { channel, edge } = this;
    const first = dateOf(channel?.window?.start);
    if (!channel || first === undefined) return undefined;
    return Math.max(first, (edge ?? 0) - channel.startoverSeconds * 1000);
  }

  /** What the channel holds, by what was last seen of it. */
  holding(): Holding | undefined {
    const { channel, oldest } = this;
    const edge = this.#edge.last ?? dateOf(channel?.window?.end);
    if (!channel || oldest === undefined || edge === undefined) return undefined;
    return { oldest, edge, startoverMs: channel.startoverSeconds * 1000 };
  }

  /** How far the picture is behind the live edge, in ms. */
  get behind(): number | undefined {
    const { edge } = this;
    return edge !== undefined && this.player.now !== undefined ? edge - this.player.now : undefined;
  }

  /** For how long no segment has come, in ms. */
  get silence(): number {
    return this.#edge.silence(this.#clock);
  }

  get air(): Air {
    const { channel, player } = this;
    if (!channel) return 'none';
    if (player.failure === 'encrypted') return 'encrypted';
    if (channel.state === 'starting' && !channel.onAir) return 'starting';
    const isEncoding = channel.state === 'running' || channel.state === 'recovering';
    const stands = this.#edge.last === undefined || this.#edge.isStanding(this.#clock);
    if (!channel.onAir && stands && !isEncoding) return channel.window ? 'off' : 'empty';
    if (player.now === undefined) return channel.window ? 'loading' : 'empty';
    return this.#edge.last !== undefined && stands ? 'standing' : 'live';
  }

  // The lives of the page and of the channel

  /** Runs the clock while the screen is shown. Returns the function that ends this. */
  start(videos: readonly [HTMLVideoElement, HTMLVideoElement]): () => void {
    this.player.attach(videos);
    const timer = setInterval(() => this.#tick(), TICK_MS);
    return () => {
      clearInterval(timer);
      this.#remember();
      this.player.detach();
      this.#shownChannel = undefined;
    };
  }

  /**
   * Shows the channel of the options, at the moment that the former one showed. Call it when the
   * channel changes, or what it holds.
   */
  showChannel(): void {
    const { channel } = this;
    if (!channel || !this.holding() || channel.channel === this.#shownChannel) return;
    this.#remember();
    this.#shownChannel = channel.channel;
    this.index?.close();
    this.#edge = new LiveEdge(this.segmentMs);
    this.index = new SegmentIndex(channel.manifest, () => this.holding());
    const source = {
      manifest: channel.manifest,
      holding: () => this.holding(),
      offAir: () => this.index?.offAir ?? [],
      observe: (segments: Parameters<SegmentIndex['observe']>[0]) => {
        const last = segments.at(-1);
        if (last) this.#edge.observe(last.start + last.duration, performance.now());
        this.index?.observe(segments);
      },
    };
    const play = !this.player.isPaused || this.#startsLive;
    this.player.open(source, this.#startsLive ? undefined : this.#lastDate, play);
  }

  /** Jumps to a date, for example to a clip of the list. */
  show(date: number): void {
    this.player.pause();
    this.player.go(date);
    this.timeline.show(date);
  }

  // Marks

  markIn(label: () => string): void {
    if (this.player.now !== undefined) this.marks.setIn(this.player.now, label);
  }

  /** Out includes the frame on the screen. */
  markOut(label: () => string): void {
    if (this.player.now !== undefined) {
      this.marks.setOut(this.player.now + frameDuration(this.player.fps), label);
    }
  }

  /** Sets a mark at the frame of a date. */
  setMark(kind: 'in' | 'out', date: number, label: () => string): void {
    const frame = this.#frameOf(kind, date);
    if (kind === 'in') this.marks.setIn(frame, label);
    else this.marks.setOut(frame, label);
  }

  /** Sets in and out at the frames of a stretch, as one step. What the channel no longer has is left out. */
  markStretch(stretch: Stretch, label: () => string): void {
    const start = this.#frameOf('in', Math.max(stretch.start, this.oldest ?? stretch.start));
    const end = this.#frameOf('out', stretch.end);
    this.marks.change({ in: Math.ceil(start - 0.001), out: Math.floor(end + 0.001) }, label);
  }

  /** Moves a mark without passing the other one. It becomes a step when the pointer is released. */
  dragMark(kind: 'in' | 'out', date: number): void {
    const { in: start, out: end } = this.marks;
    const frame = frameDuration(this.player.fps);
    const at = this.#frameOf(kind, date);
    if (kind === 'in')
      this.marks.show({
        in: Math.ceil(Math.min(at, (end ?? at + frame) - frame) - 0.001),
        out: end,
      });
    else
      this.marks.show({
        in: start,
        out: Math.floor(Math.max(at, (start ?? at - frame) + frame) + 0.001),
      });
  }

  /** Shows the first or the last frame of the window. */
  showMark(kind: 'in' | 'out'): void {
    if (kind === 'in') this.goIn();
    else this.goOut();
  }

  goIn(): void {
    if (this.marks.in === undefined) return;
    this.player.pause();
    this.player.go(this.marks.in);
  }

  /** Goes to the last frame before out. */
  goOut(): void {
    if (this.marks.out === undefined) return;
    this.player.pause();
    this.player.go(this.marks.out - frameDuration(this.player.fps) / 2);
  }

  /** Plays from in for a while; without in, from the picture. */
  playIn(length: number): void {
    const start = this.marks.in ?? this.player.now;
    if (start === undefined) return;
    const end = Math.min(start + length, this.marks.out ?? Number.POSITIVE_INFINITY);
    this.player.playRange({ start, end, isLoop: false });
  }

  /** Plays up to out, and stops at the last frame of the clip. */
  playOut(length: number): void {
    const { out } = this.marks;
    if (out === undefined) return;
    const start = Math.max(out - length, this.marks.in ?? 0);
    this.player.playRange({ start, end: out, isLoop: false });
  }

  /** Plays the window again and again; stops if it does already. */
  toggleLoop(): void {
    const { in: start, out: end } = this.marks;
    if (this.player.range?.isLoop) this.player.pause();
    else if (start !== undefined && end !== undefined) {
      this.player.playRange({ start, end, isLoop: true });
    }
  }

  // The cut

  /** The window that a cut would have: from in to out, or to the end of the frame on the screen. */
  get window(): Stretch | undefined {
    const { in: start, out } = this.marks;
    if (start === undefined) return undefined;
    const end = out ?? this.#endOfPicture;
    return end !== undefined && end > start ? { start, end } : undefined;
  }

  /** The window of the last seconds of the picture. */
  lastSeconds(seconds: number): Stretch | undefined {
    const end = this.#endOfPicture;
    const { oldest } = this;
    if (end === undefined || oldest === undefined) return undefined;
    return { start: Math.max(end - seconds * 1000, Math.ceil(oldest / 1000) * 1000), end };
  }

  /** The bounds that a window will have. */
  bounds(window: Stretch): Bounds | undefined {
    const coverage = this.#coverage(window);
    return coverage && predictBounds(window, coverage);
  }

  problem(window: Stretch): WindowProblem | undefined {
    const coverage = this.#coverage(window);
    return coverage && windowProblem(window, coverage);
  }

  /** Reads the segments around a window, so that its bounds can be foretold. */
  ensureBounds(window: Stretch): void {
    void this.index?.ensure({ start: window.start - AROUND_MS, end: window.end + AROUND_MS });
  }

  /** The request that cuts a window. */
  request(window: Stretch, fields: Partial<CutRequest>): CutRequest {
    return {
      channel: this.channel?.channel ?? null,
      start: new Date(window.start).toISOString(),
      end: new Date(window.end).toISOString(),
      ...fields,
    };
  }

  get #endOfPicture(): number | undefined {
    const { now, fps } = this.player;
    return now === undefined ? undefined : Math.floor(now + frameDuration(fps) + 0.001);
  }

  /** The frame boundary of a mark: in is the start of a frame, out the end of one. */
  #frameOf(kind: 'in' | 'out', date: number): number {
    const { fps } = this.player;
    const frame = frameDuration(fps);
    const segments = this.index?.segments({ start: date - AROUND_MS, end: date + AROUND_MS }) ?? [];
    const last = segments.at(-1);
    // What has not aired yet has no frames.
    if (!last || date >= last.start + last.duration) return date;
    if (kind === 'in') return frameStart(segments, date, fps);
    return frameStart(segments, date - frame / 2, fps) + frame;
  }

  #coverage(window: Stretch) {
    const holding = this.holding();
    if (!holding || !this.index) return undefined;
    const around = { start: window.start - AROUND_MS, end: window.end + AROUND_MS };
    return { ...holding, segments: this.index.segments(around), segmentMs: this.segmentMs };
  }

  #tick(): void {
    this.#clock = performance.now();
    const { now, isPaused } = this.player;
    const end = dateOf(this.channel?.window?.end);
    // While an old page is played, the edge is known from the API.
    if (end !== undefined) this.#edge.observe(end, this.#clock);
    if (now === undefined) return;
    this.timeline.follow(now, !isPaused);
    this.#keep({});
  }

  #remember(): void {
    const { now, isLive } = this.player;
    if (now === undefined) return;
    this.#startsLive = isLive;
    this.#lastDate = now;
  }

  #keep(window: MarkedWindow): void {
    const { now, isLive } = this.player;
    // While it plays, whole seconds are enough for a reload.
    const grid = this.player.isPaused ? 1 : 1000;
    const at = isLive || now === undefined ? undefined : Math.round(now / grid) * grid;
    this.options.keep({ ...(now !== undefined && { at }), ...window });
  }
}

function dateOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
