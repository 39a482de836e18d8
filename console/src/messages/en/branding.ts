/** Problems with the branding file, in English. */

export const branding = {
  'not-loaded': () => 'branding.json could not be loaded. The default branding is used.',
  'not-json': () => 'branding.json is not valid JSON. The default branding is used.',
  'not-an-object': () => 'branding.json is not a JSON object. The default branding is used.',
  'invalid-field': (field: string) => `branding.json: ${field} is invalid and is not used.`,
};
