/** The keys of the player, as viewers know them from other players. */

import type { Player } from './player.ts';

/** What a key does to a video. */
type Act = (video: HTMLVideoElement, player: Player) => void;

const skip =
  (seconds: number): Act =>
  (_, player) =>
    player.seek(player.time + seconds);

const toggle: Act = (video) => {
  if (video.paused) void video.play().catch(() => undefined);
  else video.pause();
};

/** Keys that work on the whole page of a clip. */
const PAGE_KEYS: Readonly<Record<string, Act>> = {
  ' ': toggle,
  ArrowLeft: skip(-5),
  ArrowRight: skip(5),
};

/** Keys that are characters work only while the focus is in the player, as WCAG 2.1.4 asks. */
const PLAYER_KEYS: Readonly<Record<string, Act>> = {
  k: toggle,
  j: skip(-10),
  l: skip(10),
  m: (video) => {
    video.muted = !video.muted;
  },
  f: (video) => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void video.requestFullscreen?.().catch(() => undefined);
  },
};

/** Handles a key. A focused video handles the keys of its own controls itself. */
export function handlePlayerKey(
  event: KeyboardEvent,
  video: HTMLVideoElement | null,
  player: Player | undefined,
): void {
  if (!video || !player || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const target = event.target as HTMLElement;
  const isVideo = target === video;
  if (!isVideo && target.closest('a, button, input, select, textarea, dialog, [popover]')) return;
  const act = isVideo ? PLAYER_KEYS[event.key.toLowerCase()] : PAGE_KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act(video, player);
}
