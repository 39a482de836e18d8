/** The entry of the viewer's pages: `/w/<competition>` and `/c/<competition>/<clip>`. */

import './theme.css';
import { mount } from 'svelte';
import { settings } from './settings/settings.svelte.ts';
import { installTrustedTypes } from './trusted-types.ts';
import Watch from './viewer/Watch.svelte';

installTrustedTypes();
settings.applyTheme();
mount(Watch, { target: document.getElementById('app') ?? document.body });
