/** The list of clips and an opened clip, in English. */

export const clip = {
  untitled: 'Untitled',
  didCut: (length: string, time: string) => `Cut ${length} at ${time}`,
  didDelete: (title: string) => `Deleted “${title}”`,
};
