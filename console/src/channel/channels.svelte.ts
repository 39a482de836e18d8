/** The live channels: their state, the chosen one, start and stop. */

import { type Api, answer, type Schema } from '../api/client.ts';
import { RequestFailed } from '../api/problem.ts';
import { browserTimers, type Timers } from '../clip/backoff.ts';
import { type Polled, Poller } from '../clip/poller.ts';

/** A live channel. */
export type Channel = Schema<'Channel'>;

/**
 * What an operator needs to know of a channel. `no-picture`: the encoder runs, but the live edge
 * stands. `stalled`: it has stood for more than 30 s. `busy`: MediaLive is creating, updating, recovering or deleting it. `unknown`: the encoder
 * is not ours, and there is no picture.
 */
export type ChannelCondition =
  | 'on-air'
  | 'no-picture'
  | 'stalled'
  | 'starting'
  | 'stopping'
  | 'off'
  | 'busy'
  | 'failed'
  | 'unknown';

/** How often the channels are read, in ms. */
const INTERVALS = { visible: 5_000, hidden: 15_000 };
/** How long a request may take, in ms. */
const REQUEST_MS = 10_000;

/** The condition of a channel. */
export function conditionOf({ state, onAir, stalled }: Channel): ChannelCondition {
  switch (state) {
    case 'running':
      if (stalled) return 'stalled';
      return onAir ? 'on-air' : 'no-picture';
    case 'unknown':
      return onAir ? 'on-air' : 'unknown';
    case 'idle':
      return 'off';
    case 'starting':
    case 'stopping':
    case 'failed':
      return state;
    default:
      return 'busy';
  }
}

/** What can be asked of a channel's encoder now. Nothing, if it is not ours or is changing. */
export function controlOf({ state }: Channel): 'start' | 'stop' | undefined {
  if (state === 'idle') return 'start';
  return state === 'running' ? 'stop' : undefined;
}

/** What the store needs. */
export interface ChannelsOptions {
  readonly api: Api;
  /** The chosen channel is kept in the address. */
  readonly place: {
    get(name: 'channel'): string | undefined;
    set(changes: { channel: string }): void;
  };
  readonly timers?: Timers;
}

export class Channels {
  /** The configured channels, in their configured order. */
  all = $state.raw<readonly Channel[]>([]);
  /** Whether the first reply has come. */
  isLoaded = $state(false);
  /** The channels whose start or stop has been asked for and not been answered. */
  changing = $state.raw<ReadonlySet<string>>(new Set());
  readonly #poller: Poller;

  constructor(private readonly options: ChannelsOptions) {
    this.#poller = new Poller({
      ask: (signal) => this.#read(signal),
      retryAfter: (failure) => (failure instanceof RequestFailed ? failure.retryAfter : undefined),
      intervals: INTERVALS,
      timers: options.timers ?? browserTimers,
    });
  }

  /** The channel whose picture is shown: that of the address, else the first. */
  get selected(): Channel | undefined {
    const name = this.options.place.get('channel');
    return this.all.find((it) => it.channel === name) ?? this.all[0];
  }

  select(channel: string): void {
    this.options.place.set({ channel });
  }

  /** Selects the channel after the selected one. */
  selectNext(): void {
    const { selected } = this;
    const index = selected ? this.all.indexOf(selected) : -1;
    const next = this.all[(index + 1) % this.all.length];
    if (next) this.select(next.channel);
  }

  start(): void {
    this.#poller.start();
  }

  stop(): void {
    this.#poller.stop();
  }

  setVisible(isVisible: boolean): void {
    this.#poller.setVisible(isVisible);
  }

  /** Starts or stops the encoder of a channel. Throws `RequestFailed`. */
  async control(channel: string, control: 'start' | 'stop'): Promise<void> {
    this.changing = new Set(this.changing).add(channel);
    try {
      const { data } = await answer(
        this.options.api.POST(`/api/channels/{channelId}/${control}`, {
          params: { path: { channelId: channel } },
          signal: AbortSignal.timeout(REQUEST_MS),
        }),
      );
      this.all = this.all.map((it) => (it.channel === channel ? data : it));
    } finally {
      this.changing = new Set([...this.changing].filter((it) => it !== channel));
      this.#poller.wake();
    }
  }

  async #read(signal: AbortSignal): Promise<Polled> {
    const { data } = await answer(
      this.options.api.GET('/api/channels', {
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
      }),
    );
    this.all = data.channels;
    this.isLoaded = true;
    return 'done';
  }
}
