// Derives readable colors for both themes from one color of the branding.

import { formatHex, measureContrast, parseHex } from './color';

/** Contrast of text to its background. https://www.w3.org/TR/WCAG22/#contrast-minimum */
export const MIN_TEXT_CONTRAST = 4.5;
/** Contrast of borders, outlines and icons. https://www.w3.org/TR/WCAG22/#non-text-contrast */
export const MIN_SHAPE_CONTRAST = 3;

/** The backgrounds of a theme that colored text and shapes stand on. */
export type Surfaces = readonly string[];

/** The forms of one color in one theme. */
export interface Shades {
  /** The color as a background: the color of the branding itself, unless the surface hides it. */
  readonly fill: string;
  /** Text on `fill`. */
  readonly onFill: string;
  /** Text and links on the surfaces. */
  readonly text: string;
}

/** Derives the forms of a color on the surfaces of a theme. */
export function deriveShades(color: string, surfaces: Surfaces): Shades {
  const fill = ensureContrast(color, surfaces, MIN_SHAPE_CONTRAST);
  return {
    fill,
    onFill: chooseTextColor(fill),
    text: ensureContrast(color, surfaces, MIN_TEXT_CONTRAST),
  };
}

/** Black or white, whichever has the higher contrast to a background. It is always at least 4.5. */
export function chooseTextColor(background: string): string {
  const white = measureContrast('#ffffff', background);
  return white >= measureContrast('#000000', background) ? '#ffffff' : '#000000';
}

/**
 * Moves the lightness of a color as little as needed for a contrast to every surface.
 *
 * Hue is kept, and chroma as far as sRGB has the color. If neither lighter nor darker colors reach
 * the contrast, which needs surfaces of middle gray, returns black or white.
 */
export function ensureContrast(color: string, surfaces: Surfaces, minimum: number): string {
  const reaches = (hex: string) =>
    surfaces.every((surface) => measureContrast(hex, surface) >= minimum);
  const normalized = color.toLowerCase();
  if (reaches(normalized)) return normalized;
  const start = parseHex(normalized);
  const found = [0, 1].flatMap((target) => {
    // The contrast grows from the last lightness that is too close to the surfaces to the target.
    let tooClose = start.lightness;
    let enough = target;
    if (!reaches(formatHex({ ...start, lightness: target }))) return [];
    for (let step = 0; step < 20; step++) {
      const lightness = (tooClose + enough) / 2;
      if (reaches(formatHex({ ...start, lightness }))) enough = lightness;
      else tooClose = lightness;
    }
    return [enough];
  });
  const distance = (lightness: number) => Math.abs(lightness - start.lightness);
  const [nearest] = found.sort((one, other) => distance(one) - distance(other));
  if (nearest === undefined) return chooseTextColor(surfaces[0] ?? '#ffffff');
  return formatHex({ ...start, lightness: nearest });
}
