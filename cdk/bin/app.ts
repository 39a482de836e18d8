/** The CDK app: what `cdk` runs. */

import { matchcut } from '../lib/app.ts';
import { SettingsError } from '../lib/settings/settings.ts';

try {
  matchcut();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(1);
}
