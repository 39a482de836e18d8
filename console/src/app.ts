/** What every component of the console can use. */

import { createContext } from 'svelte';
import type { Api } from './api/client.ts';
import type { Config } from './api/config.ts';
import type { Session } from './api/session.svelte.ts';
import type { Branding, BrandingProblem } from './branding/branding.ts';
import type { Channels } from './channel/channels.svelte.ts';
import type { Clips } from './clip/clips.svelte.ts';
import type { PlaybackCookies } from './clip/playback-cookies.ts';
import type { LiveView } from './live/live-view.svelte.ts';
import type { ChannelMarks } from './mark/channel-marks.svelte.ts';
import type { MarkWindow } from './mark/lead.ts';
import type { Rules } from './rule/rules.svelte.ts';
import type { Adjustment } from './suggestion/adjustment.svelte.ts';
import type { Uploads } from './upload/uploads.svelte.ts';
import type { Pictures } from './viewer/pictures.svelte.ts';

/** The parts of the console that live as long as the page. */
export interface App {
  readonly config: Config;
  readonly branding: Branding;
  readonly brandingProblems: readonly BrandingProblem[];
  readonly session: Session;
  readonly api: Api;
  readonly channels: Channels;
  readonly clips: Clips;
  /** The live picture. `live.show(date)` jumps to a moment. */
  readonly live: LiveView;
  /** The marks of the channel that is shown. */
  readonly marks: ChannelMarks;
  readonly markWindow: MarkWindow;
  /** The suggestion whose window is adjusted with in and out. */
  readonly adjustment: Adjustment;
  readonly rules: Rules;
  readonly uploads: Uploads;
  readonly cookies: PlaybackCookies;
  readonly pictures: Pictures;
}

/** `useApp()` in a component returns the parts; the entry provides them. */
export const [useApp, provideApp] = createContext<App>();
