/** The viewer's pages in English. */

/** The list of a competition. */
export const list = {
  clips: 'Clips',
  competitions: 'Competitions',
  tags: 'Tags',
  allTags: 'All clips',
  order: 'Order',
  newest: 'Newest first',
  oldest: 'Oldest first',
  newClips: (count: number) => (count === 1 ? '1 new clip' : `${count} new clips`),
  loading: 'Loading clips',
  loadMore: 'Show more clips',
  empty: 'No clips yet',
  emptyHint: 'Clips appear here by themselves as soon as they are cut.',
  emptyTag: (tag: string) => `No clips with the tag “${tag}”`,
  complete: (count: number) => (count === 1 ? '1 clip' : `${count} clips`),
  untitled: 'Untitled clip',
  length: (duration: string) => `Length ${duration}`,
  privateHint: 'Sign in to watch the clips of this competition.',
};

/** The page of a clip. */
export const clip = {
  backToList: 'All clips',
  moreClips: 'More clips',
  details: 'About this clip',
  yourTime: (time: string, utc: string) => `${time} your time (${utc} UTC)`,
  utcTime: (time: string) => `${time} UTC`,
  length: (duration: string) => `${duration} long`,
  tag: (tag: string) => `Clips with the tag “${tag}”`,
};

/** The player and its menus. */
export const player = {
  video: (title: string) => `Video: ${title}`,
  position: 'Position in the clip',
  positionOf: (time: string, length: string) => `${time} of ${length}`,
  quality: 'Quality',
  auto: 'Auto',
  autoPlaying: (quality: string) => `Auto (${quality})`,
  speed: 'Speed',
  speedOf: (speed: string) => `${speed}×`,
  angle: 'Angle',
  sound: 'Audio',
  captions: 'Captions',
  noCaptions: 'Off',
  replay: 'Watch again',
  retry: 'Try again',
  loading: 'Loading the clip',
  waiting: 'This clip is being made',
  waitingHint: 'It starts here by itself as soon as it is ready.',
  scheduled: 'This clip has not ended yet',
  scheduledHint: (time: string) => `It ends at ${time} and starts here by itself soon after.`,
  madeFailed: 'This clip could not be made',
  madeFailedHint: 'If the editors repeat it, it starts here by itself.',
  gone: 'This clip is not available',
  goneHint: 'It has been deleted, or the link is wrong.',
  offline: 'No connection',
  offlineHint: 'The clip starts here by itself when the connection is back.',
  failed: 'This clip cannot be played here',
  failedHint: 'The browser cannot decode it, or a part of it is missing.',
  signIn: 'Sign in to watch this clip',
  refused: 'Your account may not watch this clip',
};

/** The share sheet. */
export const share = {
  share: 'Share',
  title: 'Share this clip',
  link: 'Link',
  startAt: (time: string) => `Start at ${time}`,
  embed: 'Embed code',
  manifests: 'For players and apps',
  hls: 'HLS manifest',
  dash: 'DASH manifest',
  copy: 'Copy',
  copied: 'Copied',
  copyOf: (name: string) => `Copy: ${name}`,
  send: 'Send to an app',
};

/** The frame of the pages. */
export const shell = {
  skip: 'Skip to the clips',
  language: 'Language',
  offline: 'No connection. The clips below may not be the newest; the page tries again by itself.',
  signIn: 'Sign in',
  signInFailed: (reason: string) => `The sign-in failed: ${reason}`,
  refused: 'Your account may not watch the clips of this competition.',
  imprint: 'Imprint',
  privacy: 'Privacy',
  links: 'About this site',
  close: 'Close',
  notFound: 'This page does not exist',
  notFoundHint: 'The address is wrong, or the page has been removed.',
};
