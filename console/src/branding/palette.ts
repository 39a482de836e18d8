/** Derives readable colors for one theme from one color of the branding. */

import { formatHex, measureContrast, parseHex } from './color.ts';

/** Contrast of text to its background. https://www.w3.org/TR/WCAG22/#contrast-minimum */
export const MIN_TEXT_CONTRAST = 4.5;
/** How much the lightness of a button changes while the pointer is over it. */
const HOVER_CHANGE = 0.05;

/** The backgrounds of a theme that colored text and shapes stand on. */
export type Surfaces = readonly string[];

/**
 * The color as text, links, outlines and icons on the surfaces of a theme.
 *
 * Moves the lightness as little as needed for a contrast to every surface. Hue is kept, and chroma
 * as far as sRGB has the color. If neither lighter nor darker colors reach the contrast, which needs
 * surfaces of middle gray, returns black or white.
 */
export function deriveTextColor(
  color: string,
  surfaces: Surfaces,
  minimum = MIN_TEXT_CONTRAST,
): string {
  const reaches = (hex: string) =>
    surfaces.every((surface) => measureContrast(hex, surface) >= minimum);
  const normalized = color.toLowerCase();
  if (reaches(normalized)) return normalized;
  const start = parseHex(normalized);
  const found = [0, 1].flatMap((target) => {
    if (!reaches(formatHex({ ...start, lightness: target }))) return [];
    // The contrast grows from the last lightness that is too close to the surfaces to the target.
    let tooClose = start.lightness;
    let enough = target;
    for (let step = 0; step < 20; step++) {
      const lightness = (tooClose + enough) / 2;
      if (reaches(formatHex({ ...start, lightness }))) enough = lightness;
      else tooClose = lightness;
    }
    return [enough];
  });
  const distance = (lightness: number) => Math.abs(lightness - start.lightness);
  const [nearest] = found.sort((one, other) => distance(one) - distance(other));
  if (nearest === undefined) return chooseTextOn(surfaces[0] ?? '#ffffff');
  return formatHex({ ...start, lightness: nearest });
}

/** Black or white, whichever has the higher contrast to a background. It is always at least 4.5. */
export function chooseTextOn(background: string): string {
  const white = measureContrast('#ffffff', background);
  return white >= measureContrast('#000000', background) ? '#ffffff' : '#000000';
}

/** A background while the pointer is over it. Its text has at least the contrast that it had. */
export function deriveHover(background: string): string {
  const color = parseHex(background);
  const change = chooseTextOn(background) === '#ffffff' ? -HOVER_CHANGE : HOVER_CHANGE;
  return formatHex({ ...color, lightness: color.lightness + change });
}
