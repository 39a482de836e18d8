/** Adjusts the window of a suggestion with in and out of the live picture. */

import type { Channels } from '../channel/channels.svelte.ts';
import type { Clip } from '../clip/clip.ts';
import type { Clips } from '../clip/clips.svelte.ts';
import type { LiveView } from '../live/live-view.svelte.ts';
import { t } from '../messages/console.svelte.ts';

/** What an adjustment needs of the console. */
export interface AdjustmentOptions {
  readonly clips: Pick<Clips, 'find' | 'edit' | 'confirm'>;
  readonly channels: Pick<Channels, 'select'>;
  readonly live: {
    readonly marks: Pick<LiveView['marks'], 'window' | 'change'>;
    readonly window: LiveView['window'];
    show(date: number): void;
    readonly timeline: Pick<LiveView['timeline'], 'showStretch'>;
  };
  /** Shows the live screen, with the list of clips beside it. */
  showLive(): void;
}

export class Adjustment {
  #id = $state<string>();
  /** In and out as they were before. */
  #before: LiveView['marks']['window'] = {};

  constructor(private readonly options: AdjustmentOptions) {}

  /** The suggestion that is adjusted. Nothing if it has been confirmed, dismissed or removed. */
  get clip(): Clip | undefined {
    const clip = this.#id === undefined ? undefined : this.options.clips.find(this.#id);
    return clip?.status === 'suggested' ? clip : undefined;
  }

  /** Makes in and out from the window of a suggestion. */
  start(clip: Clip): void {
    const { requested, channel } = clip;
    if (!requested || !channel) return;
    const { channels, live, showLive } = this.options;
    if (!this.clip) this.#before = live.marks.window;
    this.#id = clip.clip;
    channels.select(channel);
    showLive();
    const [start, end] = [Date.parse(requested.start), Date.parse(requested.end)];
    live.marks.change({ in: start, out: end }, () => t.suggestion.didTake(titleOf(clip)));
    live.show(start);
    live.timeline.showStretch(start, end);
  }

  /** Saves in and out as the window of the suggestion, and confirms it. */
  async save(): Promise<void> {
    const { clip } = this;
    const { clips, live } = this.options;
    const { window } = live;
    if (!clip || !window) return;
    this.cancel();
    const start = new Date(window.start).toISOString();
    const end = new Date(window.end).toISOString();
    if (!(await clips.edit(clip, { start, end }))) return;
    const edited = clips.find(clip.clip);
    if (edited?.status === 'suggested') await clips.confirm(edited);
  }

  /** Leaves the suggestion as it is, and brings in and out back. */
  cancel(): void {
    const { clip } = this;
    this.#id = undefined;
    if (clip)
      this.options.live.marks.change(this.#before, () => t.suggestion.didLeave(titleOf(clip)));
  }
}

function titleOf(clip: Clip): string {
  return clip.meta.title || t.clip.untitled;
}
