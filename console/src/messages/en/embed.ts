/** The embedded player in English. */

export const embed = {
  play: (title: string) => `Play: ${title}`,
  video: (title: string) => `Video: ${title}`,
  untitled: 'Untitled clip',
  openPage: (title: string) => `${title} (opens its page in a new tab)`,
  loading: 'Loading the clip',
  waiting: 'This clip is being made. It starts here by itself.',
  gone: 'This clip is not available.',
  offline: 'No connection. The clip starts here by itself.',
  refused: 'Sign in on its page to watch this clip.',
  failed: 'This clip cannot be played here.',
  position: 'Position in the clip',
  positionOf: (time: string, length: string) => `${time} of ${length}`,
  sound: 'Audio',
  captions: 'Captions',
  noCaptions: 'No captions',
};
