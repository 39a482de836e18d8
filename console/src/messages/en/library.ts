/** The library screen, in English. */

export const library = {};
