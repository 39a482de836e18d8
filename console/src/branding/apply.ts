// Applies a branding to the document: colors as custom properties, the icon, and the log.

import { type Branding, type LoadedBranding, pictureUrl } from './branding';
import { deriveShades } from './palette';
import { SURFACES } from './surfaces';

/** The parts of a document that a branding changes. */
export interface BrandedDocument {
  readonly documentElement: { readonly style: Pick<CSSStyleDeclaration, 'setProperty'> };
  querySelector(selector: 'link[rel="icon"]'): { href: string } | null;
}

/** Shows a branding on a page, and names unknown fields of its file in the log. */
export function applyBranding(
  { branding, problems, unknownFields }: LoadedBranding,
  document: BrandedDocument,
): void {
  for (const [name, value] of deriveProperties(branding))
    document.documentElement.style.setProperty(name, value);
  const icon = document.querySelector('link[rel="icon"]');
  if (icon && branding.icon) icon.href = pictureUrl(branding.icon);
  for (const field of unknownFields) console.warn(`branding.json: unknown field ${field}`);
  for (const problem of problems) console.warn(problem);
}

/**
 * The custom properties of the colors, each for both themes.
 *
 * For `accent`: `--accent` is a background, `--on-accent` the text on it, and `--accent-text` text on
 * the surfaces of the page. The same for `live`, `ready` and `failed`.
 */
export function deriveProperties({ colors }: Pick<Branding, 'colors'>): [string, string][] {
  return Object.entries(colors).flatMap(([name, color]): [string, string][] => {
    const light = deriveShades(color, SURFACES.light);
    const dark = deriveShades(color, SURFACES.dark);
    return [
      [`--${name}`, `light-dark(${light.fill}, ${dark.fill})`],
      [`--on-${name}`, `light-dark(${light.onFill}, ${dark.onFill})`],
      [`--${name}-text`, `light-dark(${light.text}, ${dark.text})`],
    ];
  });
}
