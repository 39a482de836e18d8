/** The channels at the top of the console, in English. */

export const channel = {};
