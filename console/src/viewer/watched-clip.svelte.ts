/** One clip as its page shows it: read until it is ready, or until it is known to be gone. */

import type { Clip } from './part.ts';
import { type requestClip, UnusableReply } from './requests.ts';

/**
 * `loading`: no reply yet. `waiting`: the clip is on its way. `ready`: it plays. `failed`: it could
 * not be made, and plays only after an operator has retried it. `gone`: it does not exist, or no
 * longer. `offline`: there was no reply; the next one is awaited.
 */
export type WatchedStage = 'loading' | 'waiting' | 'ready' | 'failed' | 'gone' | 'offline';

/** The name of a clip. */
export type ClipName = Pick<Clip, 'competition' | 'clip'>;

/** The clip of a page. */
export class WatchedClip {
  clip = $state.raw<Clip>();
  stage = $state<WatchedStage>('loading');
  #etag: string | undefined;

  /** `known` is the clip of a list, so that its page needs no request before it plays. */
  constructor(
    readonly name: ClipName,
    private readonly request: typeof requestClip,
    known?: Clip,
  ) {
    if (known) this.#show(known);
  }

  /** Whether another reply can change what is shown. */
  get isSettled(): boolean {
    return this.stage === 'ready' || this.stage === 'gone';
  }

  /** Reads the clip, unless it is settled. Throws if there was no usable reply. */
  async poll(signal?: AbortSignal): Promise<void> {
    if (this.isSettled) return;
    try {
      const { status, data, etag } = await this.request(this.name, this.#etag, signal);
      this.#etag = etag;
      if (data) this.#show(data);
      else if (status !== 304) this.stage = 'gone';
      else if (this.clip) this.#show(this.clip);
    } catch (error) {
      if (error instanceof TypeError || error instanceof UnusableReply) this.#lose();
      throw error;
    }
  }

  /** Its media is not there any more. */
  lose(): void {
    this.stage = 'gone';
  }

  #show(clip: Clip): void {
    this.clip = clip;
    if (clip.status === 'ready') this.stage = clip.manifest ? 'ready' : 'failed';
    else this.stage = clip.status === 'failed' ? 'failed' : 'waiting';
  }

  /** A clip that is shown stays as it is. */
  #lose(): void {
    if (this.stage === 'loading') this.stage = 'offline';
  }
}
