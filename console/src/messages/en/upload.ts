/** Uploads, in English. */

export const upload = {};
