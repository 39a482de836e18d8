/** The entry of the viewer's pages: `/w/<competition>` and `/c/<competition>/<clip>`. */

import './theme.css';
import './viewer/viewer.css';
import { mount } from 'svelte';
import { type Config, loadConfig } from './api/config.ts';
import { applyBranding } from './branding/apply.ts';
import { loadBranding } from './branding/branding.ts';
import { loadMessages } from './messages/viewer.svelte.ts';
import { settings } from './settings/settings.svelte.ts';
import { Access } from './viewer/access.svelte.ts';
import { grabPicture } from './viewer/grab-picture.ts';
import { Navigation } from './viewer/navigation.svelte.ts';
import { hasBytesToSpare, Pictures } from './viewer/pictures.svelte.ts';
import type { ViewerLogin } from './viewer/viewer-login.ts';
import Watch from './viewer/Watch.svelte';

async function start(): Promise<void> {
  settings.applyTheme();
  const [loaded, config] = await Promise.all([loadBranding(), loadConfig().catch(assumePublic)]);
  const { branding } = loaded;
  applyBranding(loaded);
  settings.defaults = { theme: 'system', times: branding.times };
  const [login] = await Promise.all([resumeLogin(config), loadMessages(branding.languages)]);
  const accesses = new Map<string, Access>();
  const access = (competition: string) => {
    const known = accesses.get(competition) ?? new Access(competition, config, login);
    accesses.set(competition, known);
    return known;
  };
  const pictures = new Pictures(grabPicture, hasBytesToSpare);
  // The address is read now: a login may just have brought it back.
  const app = { branding, navigation: new Navigation(), pictures, access };
  const target = document.getElementById('app') ?? document.body;
  target.replaceChildren();
  mount(Watch, { target, props: { app } });
}

/** A private library without its settings refuses its media, and the page says so. */
function assumePublic(): Pick<Config, 'private'> {
  return { private: false };
}

/** Viewers sign in only if the library is private. Nobody else loads the code of the login. */
async function resumeLogin(config: Pick<Config, 'private'>): Promise<ViewerLogin | undefined> {
  if (!config.private) return undefined;
  const { ViewerLogin } = await import('./viewer/viewer-login.ts');
  const login = new ViewerLogin(config as Config);
  await login.resume();
  return login;
}

void start();
