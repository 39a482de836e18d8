/**
 * The embedded player. It is made of plain elements: other sites show many of them on a page, and
 * must not pay for a framework in each.
 */

import type { embed } from '../messages/en/embed.ts';
import { clipPath } from './address.ts';
import type { Controls } from './embed-controls.ts';
import { type EmbedReport, obeyParent, report } from './embed-messages.ts';
import { type Clip, partSeconds, requestedPart } from './part.ts';
import { loadHls, Player, type PlayerState } from './player.ts';
import { hueOf } from './tint.ts';

/** Every text of the embedded player. `en` is the model that the other languages must match. */
export type EmbedMessages = typeof embed;

/** How the embedding page wants the clip. */
export interface EmbedOptions {
  readonly autoplay: boolean;
  readonly muted: boolean;
  /** Where to start, in seconds. */
  readonly moment: number;
}

/** The elements of a clip that plays in another page. */
export class EmbedPlayer {
  readonly #video = document.createElement('video');
  readonly #cover = document.createElement('button');
  readonly #notice = document.createElement('p');
  readonly #title = document.createElement('a');
  #player: Player | undefined;
  #controls: Controls | undefined;
  #clip: Clip | undefined;
  #wantsToPlay: boolean;
  #moment: number;

  constructor(
    private readonly root: HTMLElement,
    private readonly texts: EmbedMessages,
    private readonly options: EmbedOptions,
  ) {
    this.#wantsToPlay = options.autoplay;
    this.#moment = options.moment;
    this.#notice.className = 'notice';
    this.#notice.role = 'status';
    this.#title.className = 'title';
    this.#title.target = '_blank';
    this.#title.rel = 'noopener';
    this.#cover.className = 'cover';
    this.#cover.type = 'button';
    this.#cover.addEventListener('click', () => this.play());
    for (const name of ['pointerenter', 'touchstart', 'focus'])
      this.#cover.addEventListener(name, () => void loadHls().catch(() => undefined));
    this.#prepareVideo();
    obeyParent((command) => {
      if (command.matchcut === 'play') this.play();
      else if (command.matchcut === 'pause') this.pause();
      else this.seek(command.time);
    });
    this.say(texts.loading);
  }

  /** Shows a text in place of the clip. */
  say(text: string): void {
    this.#notice.textContent = text;
    this.root.replaceChildren(this.#notice);
  }

  /** Shows a ready clip: its cover, or the video at once if it plays by itself. */
  show(clip: Clip): void {
    const title = clip.meta.title || this.texts.untitled;
    document.title = title;
    this.#clip = clip;
    this.#title.href = clipPath(clip);
    this.#title.textContent = title;
    this.#title.title = this.texts.openPage(title);
    this.#video.setAttribute('aria-label', this.texts.video(title));
    this.#cover.setAttribute('aria-label', this.texts.play(title));
    this.root.style.setProperty('--hue', String(hueOf(clip.clip)));
    const picture = clip.poster ?? clip.thumbnails?.[0];
    if (picture) this.#video.poster = picture;
    this.#showPicture(picture);
    this.root.replaceChildren(this.#cover, this.#title);
    this.#report('ready');
    if (this.#wantsToPlay) this.play();
  }

  play(): void {
    this.#wantsToPlay = true;
    if (this.#player) void this.#video.play().catch(() => undefined);
    else if (this.#clip) this.#load(this.#clip);
  }

  pause(): void {
    this.#wantsToPlay = false;
    this.#video.pause();
  }

  /** Shows the frame at a time, in seconds since the start of the clip. */
  seek(time: number): void {
    this.#moment = time;
    this.#player?.seek(time);
  }

  #prepareVideo(): void {
    const video = this.#video;
    video.controls = true;
    video.playsInline = true;
    video.muted = this.options.muted;
    video.addEventListener('playing', () => this.#report('playing'));
    video.addEventListener('pause', () => this.#reportPause());
    for (const name of ['timeupdate', 'seeked'])
      video.addEventListener(name, () => {
        if (video.paused) this.#reportPause();
        else this.#report('playing');
      });
  }

  #showPicture(source: string | undefined): void {
    this.#cover.replaceChildren();
    if (!source) return;
    const picture = document.createElement('img');
    picture.src = source;
    picture.alt = '';
    this.#cover.append(picture);
  }

  #load(clip: Clip): void {
    this.root.replaceChildren(this.#video, this.#title);
    this.#video.focus({ preventScroll: true });
    const player = new Player(this.#video, (state) => this.#follow(state));
    this.#player = player;
    void this.#addControls(player, clip);
    void player
      .load({
        manifest: clip.manifest ?? '',
        part: requestedPart(clip),
        moment: this.#moment,
        autoplay: this.#wantsToPlay,
        withCredentials: false,
      })
      .catch(() => this.say(this.texts.offline));
  }

  /** Adds the seek bar and the menus. Without them, the browser's own controls are enough to watch. */
  async #addControls(player: Player, clip: Clip): Promise<void> {
    const loaded = await import('./embed-controls.ts').catch(() => undefined);
    if (!loaded || !this.#video.isConnected) return;
    const shown = { video: this.#video, player, clip, texts: this.texts };
    this.#controls = loaded.addControls(this.root, shown);
    this.#controls.show(player.state);
    this.root.classList.add('controlled');
  }

  #follow(state: PlayerState): void {
    const { stage } = state;
    this.#controls?.show(state);
    const { refused, gone, failed } = this.texts;
    const text = { refused, missing: gone, failed }[stage as string];
    if (text) {
      this.#notice.textContent = text;
      this.#controls?.remove();
      this.#controls = undefined;
      this.root.replaceChildren(this.#notice, this.#title);
    }
    if (stage === 'ended') this.#report('ended');
  }

  #reportPause(): void {
    if (this.#player?.state.stage === 'playable') this.#report('paused');
  }

  #report(state: EmbedReport['state']): void {
    const duration = this.#clip && partSeconds(this.#clip);
    report({
      matchcut: 'state',
      state,
      time: this.#player?.time ?? this.#moment,
      ...(duration !== undefined && { duration }),
    });
  }
}
