/** The live picture, its timeline and the cut, in English. */

export const live = {
  picture: 'Live picture',
  timeline: 'Timeline',
  cut: 'Cut',
};
