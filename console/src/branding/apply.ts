/** Applies a branding to a page: colors as custom properties, the icon, and the log. */

import { type Branding, type LoadedBranding, pictureUrl } from './branding.ts';
import { chooseTextOn, deriveHover, deriveTextColor } from './palette.ts';
import { SURFACES } from './surfaces.ts';

/** The parts of a document that a branding changes. */
export interface BrandedDocument {
  readonly documentElement: { readonly style: Pick<CSSStyleDeclaration, 'setProperty'> };
  querySelector(selector: 'link[rel="icon"]'): { href: string } | null;
}

/** Shows a branding on a page, and names what is wrong with its file in the log. */
export function applyBranding(
  { branding, problems, unknownFields }: LoadedBranding,
  page: BrandedDocument = document as Document & BrandedDocument,
): void {
  for (const [name, value] of deriveProperties(branding.colors))
    page.documentElement.style.setProperty(name, value);
  const icon = page.querySelector('link[rel="icon"]');
  if (icon && branding.icon) icon.href = pictureUrl(branding.icon);
  for (const field of unknownFields) console.warn('branding.json: unknown-field', field);
  for (const { kind, field } of problems) console.warn('branding.json:', kind, field ?? '');
}

/**
 * The custom properties of the colors that the branding sets. Without one, theme.css decides.
 *
 * `--accent` is text, links and outlines on the surfaces of either theme. `--accent-fill` is the
 * color itself as a background, `--accent-hover` the same under the pointer, and `--on-accent` the
 * text on both.
 */
export function deriveProperties(colors: Branding['colors']): [string, string][] {
  const properties = Object.entries(colors).map(([name, color]): [string, string] => {
    const light = deriveTextColor(color, SURFACES.light);
    return [`--${name}`, `light-dark(${light}, ${deriveTextColor(color, SURFACES.dark)})`];
  });
  if (!colors.accent) return properties;
  return [
    ...properties,
    ['--accent-fill', colors.accent],
    ['--accent-hover', deriveHover(colors.accent)],
    ['--on-accent', chooseTextOn(colors.accent)],
  ];
}
