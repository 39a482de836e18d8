/** The entry point of the `cdk` command. */

import { createApp } from '../lib/app.ts';
import { SettingsError } from '../lib/settings/settings.ts';

try {
  createApp();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(1);
}
