/** The list of clips and an opened clip, in English. */

export const clip = {};
