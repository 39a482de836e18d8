/** The settings dialog, in German. */

import type { settings as en } from '../en/settings.ts';

export const settings = {
  title: 'Einstellungen',
} satisfies typeof en;
