/** Problems of the API by their `type`, in English. A type that is absent is shown by its `detail`. */

export const problems = {
  unauthorized: 'You are not logged in.',
  forbidden: 'Your account may not do this.',
  'not-found': 'It does not exist, or it has been deleted.',
  'not-retryable': 'This clip cannot be retried: it has not failed, or has had five attempts.',
  'upload-closed': 'This upload accepts no more parts.',
  'precondition-failed': 'Somebody has changed this clip in the meantime.',
  'window-not-aired': 'The end lies more than four hours ahead of the live edge.',
  'window-expired': 'The channel no longer keeps the start of this window.',
  'window-unavailable': 'The stream was not on air during the whole window.',
  'live-unreadable': 'The live edge is unknown at the moment.',
  'no-program-date-time':
    'The stream has no time stamps. An engineer must turn on PROGRAM-DATE-TIME at its endpoint.',
  'not-ready': 'This clip is not ready.',
  'nothing-selected': 'No ready and listed clip has these tags and is short enough.',
  'media-unknown': 'Too little is known of the media of this clip. Cut it again.',
  'too-many-exports':
    'Four exports of a clip run at the same time, and it keeps 20. Try again when one has ended.',
  'clip-gone': 'This clip has been deleted meanwhile.',
  'mark-gone': 'This mark has been deleted or has expired.',
  'mark-outside-stream': 'The channel does not have this time.',
  'clip-removed': 'The clip was deleted and its media is being removed. Cut it again.',
  'not-scheduled': 'The start and the end of this clip cannot change now.',
  'window-outside-media': 'The media of this clip does not reach so far. Cut a new clip.',
  'channel-not-controlled': 'The encoder of this channel is started and stopped where it runs.',
  'channel-busy': 'MediaLive is changing the channel. Try again in a minute.',
  'not-suggested': 'No rule has suggested this clip, so there is nothing to confirm.',
  'too-many-rules': 'There are 100 rules, which is the limit. Delete one.',
  unavailable: 'The service has failed. Try again.',
};
