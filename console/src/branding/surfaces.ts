/** The backgrounds that colored text stands on, by theme: the extremes of those in theme.css. */

import type { Surfaces } from './palette.ts';

/** The darkest and the lightest background of each theme. A test compares them with theme.css. */
export const SURFACES = {
  light: ['#e6e9ee', '#ffffff'],
  dark: ['#07090b', '#232a33'],
} as const satisfies Record<string, Surfaces>;
