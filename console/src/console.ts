/** The entry of the operator's console. */

import './theme.css';
import { mount } from 'svelte';
import { createApi } from './api/client.ts';
import { loadConfig } from './api/config.ts';
import { LoginProvider } from './api/login.ts';
import { answerAsPopup, Session } from './api/session.svelte.ts';
import { applyBranding } from './branding/apply.ts';
import { loadBranding } from './branding/branding.ts';
import Console from './Console.svelte';
import { Channels } from './channel/channels.svelte.ts';
import { Clips } from './clip/clips.svelte.ts';
import { PlaybackCookies } from './clip/playback-cookies.ts';
import { undoStack } from './clip/undo.ts';
import { LiveView } from './live/live-view.svelte.ts';
import { ChannelMarks } from './mark/channel-marks.svelte.ts';
import { MarkWindow } from './mark/lead.ts';
import { loadMessages } from './messages/console.svelte.ts';
import { place } from './place.svelte.ts';
import { Rules } from './rule/rules.svelte.ts';
import { settings } from './settings/settings.svelte.ts';
import { Adjustment } from './suggestion/adjustment.svelte.ts';
import { installTrustedTypes } from './trusted-types.ts';
import Unreachable from './Unreachable.svelte';
import { createUploads } from './upload/create.ts';
import { grabPicture } from './viewer/grab-picture.ts';
import { hasBytesToSpare, Pictures } from './viewer/pictures.svelte.ts';

/** The address that the login provider sends the browser back to. */
const REDIRECT_URI = `${location.origin}/console`;

async function start(): Promise<void> {
  installTrustedTypes();
  // Operators sit in dark rooms and read broadcast clocks.
  settings.defaults = { theme: 'dark', times: 'utc' };
  settings.applyTheme();
  if (answerAsPopup()) return;
  const loaded = await loadBranding();
  const { branding, problems } = loaded;
  applyBranding(loaded);
  document.title = branding.name;
  settings.defaults = { theme: 'dark', times: branding.times };
  const target = document.getElementById('app');
  if (!target) throw new Error('the page has no #app');
  await loadMessages(branding.languages);
  try {
    const config = await loadConfig();
    const session = new Session(new LoginProvider(config.login, REDIRECT_URI));
    await session.resume();
    place.reread();
    const api = createApi(session);
    const channels = new Channels({ api, place });
    const operator = () => (session.state === 'in' ? session.username : undefined);
    const clips = new Clips({ api, undo: undoStack, operator, storage: sessionStorage });
    const live = new LiveView({
      channel: () => channels.selected,
      push: (step) => undoStack.push(step),
      kept: { at: place.time('at'), in: place.time('in'), out: place.time('out') },
      keep: (kept) => place.set(kept),
    });
    const marks = new ChannelMarks({
      api,
      undo: undoStack,
      operator,
      edge: () => live.edge,
      storage: sessionStorage,
    });
    const adjustment = new Adjustment({
      clips,
      channels,
      live,
      showLive: () => place.set({ screen: undefined, clip: undefined }),
    });
    const uploads = createUploads(api, session);
    const cookies = new PlaybackCookies(api, config.private);
    const pictures = new Pictures(async (clip, signal) => {
      await cookies.ensure(clip.competition);
      return grabPicture(clip, signal);
    }, hasBytesToSpare);
    mount(Console, {
      target,
      props: {
        app: {
          config,
          branding,
          brandingProblems: problems,
          session,
          api,
          channels,
          clips,
          uploads,
          cookies,
          pictures,
          live,
          marks,
          markWindow: new MarkWindow(),
          adjustment,
          rules: new Rules(api),
        },
      },
    });
  } catch (error) {
    console.error(error);
    mount(Unreachable, { target, props: { name: branding.name } });
  }
}

void start();
