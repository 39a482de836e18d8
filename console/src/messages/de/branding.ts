/** Problems with the branding file, in German. */

import type { branding as en } from '../en/branding.ts';

export const branding = {
  'not-loaded': () => 'branding.json konnte nicht geladen werden. Das Standard-Aussehen gilt.',
  'not-json': () => 'branding.json ist kein gültiges JSON. Das Standard-Aussehen gilt.',
  'not-an-object': () => 'branding.json ist kein JSON-Objekt. Das Standard-Aussehen gilt.',
  'invalid-field': (field: string) => `branding.json: ${field} ist ungültig und gilt nicht.`,
} satisfies typeof en;
