// The backgrounds that colored text stands on, by theme: the same values as in theme.css.

import type { Surfaces } from './palette';

/** The darkest and the lightest background of each theme. A test compares them with theme.css. */
export const SURFACES = {
  light: ['#ffffff', '#eceff3'],
  dark: ['#0c0f13', '#2c3440'],
} as const satisfies Record<string, Surfaces>;
