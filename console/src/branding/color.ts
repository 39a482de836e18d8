/** Converts colors between #rrggbb and OKLCH, and measures their contrast. */

/** A color as lightness (0 to 1), chroma and hue (radians). Equal steps of lightness look equal. */
export interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

type Triple = readonly [number, number, number];

// https://bottosson.github.io/posts/oklab/
const LINEAR_TO_LMS: readonly Triple[] = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const LMS_TO_OKLAB: readonly Triple[] = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];
const OKLAB_TO_LMS: readonly Triple[] = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.291485548],
];
const LMS_TO_LINEAR: readonly Triple[] = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.707614701],
];

/** Parses #rrggbb. Throws if the text has another form. */
export function parseHex(hex: string): Oklch {
  const lms = multiply(LINEAR_TO_LMS, linearFromHex(hex));
  const [lightness, a, b] = multiply(LMS_TO_OKLAB, map(lms, Math.cbrt));
  return { lightness, chroma: Math.hypot(a, b), hue: Math.atan2(b, a) };
}

/** Formats a color as #rrggbb. If sRGB has no such color, its chroma is reduced until it has. */
export function formatHex(color: Oklch): string {
  const lightness = Math.min(1, Math.max(0, color.lightness));
  let inGamut = 0;
  let chroma = color.chroma;
  if (!isInGamut(linearFromOklch({ ...color, lightness }))) {
    let outside = color.chroma;
    for (let step = 0; step < 20; step++) {
      chroma = (inGamut + outside) / 2;
      if (isInGamut(linearFromOklch({ ...color, lightness, chroma }))) inGamut = chroma;
      else outside = chroma;
    }
    chroma = inGamut;
  }
  const bytes = map(linearFromOklch({ ...color, lightness, chroma }), (channel) =>
    Math.round(255 * encodeGamma(Math.min(1, Math.max(0, channel)))),
  );
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * The contrast of two colors, from 1 to 21.
 * https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
 */
export function measureContrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = linearFromHex(hex);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linearFromHex(hex: string): Triple {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) throw new Error(`${hex} is not a color of the form #rrggbb`);
  const channel = (at: number) => decodeGamma(Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return [channel(1), channel(3), channel(5)];
}

function linearFromOklch({ lightness, chroma, hue }: Oklch): Triple {
  const oklab: Triple = [lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)];
  return multiply(
    LMS_TO_LINEAR,
    map(multiply(OKLAB_TO_LMS, oklab), (channel) => channel ** 3),
  );
}

function isInGamut(linear: Triple): boolean {
  return linear.every((channel) => channel >= -0.0005 && channel <= 1.0005);
}

function decodeGamma(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}

function encodeGamma(channel: number): number {
  return channel <= 0.0031308 ? channel * 12.92 : 1.055 * channel ** (1 / 2.4) - 0.055;
}

function multiply(matrix: readonly Triple[], vector: Triple): Triple {
  const row = (at: number) =>
    (matrix[at] as Triple).reduce((sum, factor, column) => sum + factor * (vector[column] ?? 0), 0);
  return [row(0), row(1), row(2)];
}

function map([one, two, three]: Triple, change: (channel: number) => number): Triple {
  return [change(one), change(two), change(three)];
}
