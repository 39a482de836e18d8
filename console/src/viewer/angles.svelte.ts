/** The angles of a clip: clips of the same window from several channels. */

import type { Clip } from './part.ts';
import type { requestClip } from './requests.ts';
import type { ClipName } from './watched-clip.svelte.ts';

export type Angle = NonNullable<Clip['angles']>[number];

export class Angles {
  /** The angles to choose from. A clip without another angle has none. */
  all = $state.raw<readonly Angle[]>([]);
  /** The chosen angle, by its index. */
  chosen = $state(-1);
  /** The clip of the chosen angle. Nothing if that is the clip of the page. */
  clip = $state.raw<Clip>();

  constructor(
    readonly name: ClipName,
    private readonly request: typeof requestClip,
  ) {}

  /** Finds the angles of a ready clip. Lists do not have them, so a clip of a list is read. */
  async find(clip: Clip, isOfList: boolean): Promise<void> {
    if (clip.source !== 'live') return;
    const angles = isOfList ? (await this.request(this.name)).data?.angles : clip.angles;
    this.all = angles ?? [];
    this.chosen = this.all.findIndex((it) => it.clip === this.name.clip);
  }

  /** Shows an angle by its index. An angle that cannot be played any more is no longer offered. */
  async choose(index: number): Promise<void> {
    const angle = this.all[index];
    if (!angle) return;
    this.chosen = index;
    if (angle.clip === this.name.clip) {
      this.clip = undefined;
      return;
    }
    const { data } = await this.request({ ...this.name, clip: angle.clip });
    // Another one may have been chosen meanwhile.
    if (this.all[this.chosen] !== angle) return;
    if (data?.manifest) this.clip = data;
    else this.lose(angle.clip);
  }

  /** The media of an angle is not there any more: the page shows its own clip again. */
  lose(clip: string): void {
    const others = this.all.filter((it) => it.clip !== clip);
    this.all = others.length > 1 ? others : [];
    this.clip = undefined;
    this.chosen = this.all.findIndex((it) => it.clip === this.name.clip);
  }
}
