/** The entry of the embedded player: `/embed/<competition>/<clip>`. */

import './theme.css';
import { mount } from 'svelte';
import { installTrustedTypes } from './trusted-types.ts';
import Embed from './viewer/Embed.svelte';

installTrustedTypes();
mount(Embed, { target: document.getElementById('app') ?? document.body });
