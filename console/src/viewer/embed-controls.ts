/** Adds the controls to the embedded player. They are loaded when the clip plays. */

import { mount, unmount } from 'svelte';
import { Format } from '../messages/format.ts';
import EmbedControls from './EmbedControls.svelte';
import type { EmbedMessages } from './embed-player.ts';
import type { Clip } from './part.ts';
import type { Player, PlayerState } from './player.ts';

/** The state that the controls show. */
export interface ControlledPlayer {
  readonly video: HTMLVideoElement;
  readonly player: Player;
  readonly clip: Clip;
  readonly texts: EmbedMessages;
}

/** Controls on a page. */
export interface Controls {
  show(state: PlayerState): void;
  remove(): void;
}

/** Adds controls at the end of an element. */
export function addControls(target: HTMLElement, shown: ControlledPlayer): Controls {
  const format = new Format({ locale: document.documentElement.lang, zone: 'local' });
  const component = mount(EmbedControls, { target, props: { ...shown, format } });
  return { show: (state) => component.show(state), remove: () => void unmount(component) };
}
