/** Uploads, in English. */

import type { CaptionProblem } from '../../upload/caption-files.ts';

export const upload = {
  title: 'Uploads',
  hint: 'Drop video files anywhere on this page.',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  drop: 'Drop to upload',
  dropNote: 'Videos of folders are taken too.',
  clear: 'Clear finished',

  dialogTitle: (count: number) => (count === 1 ? 'Upload a file' : `Upload ${count} files`),
  fileTitle: 'Title',
  fileTitleOf: (name: string) => `Title of ${name}`,
  at: 'Time of the event',
  atOf: (name: string) => `Time of the event of ${name}`,
  atNote: (zone: string) =>
    `Clips are sorted by the time of the recorded event (${zone}). It cannot be changed later.`,
  utc: 'UTC',
  local: 'your time',
  competition: 'Competition',
  tags: 'Tags',
  holdBack: 'Hold back: do not list them for viewers yet',
  addCaptions: 'Add captions',
  addCaptionsTo: (name: string) => `Add captions to ${name}`,
  addChannel: 'Captions in the video',
  addChannelOf: (name: string) => `Captions in the video ${name}`,
  channelIn: (name: string) => `Channel in ${name}`,
  channelOf: (channel: string) => `captions ${channel}`,
  channelName: 'Name in players',
  channelNameOf: (channel: string) => `Name of captions ${channel} in players`,
  captionLanguageOf: (name: string) => `Language of ${name}`,
  languageHint: 'A language code such as de, en or pt-BR',
  removeCaptions: (name: string) => `Leave ${name} out`,
  defaultSound: 'Starts with the sound in',
  defaultSoundOf: (name: string) => `Language of the sound that ${name} starts with`,
  firstSound: 'first sound',
  captionProblems: {
    'no-language': 'Say the language of all captions: a code such as de, en or pt-BR.',
    'same-language':
      'Two captions have the same language or name. Leave one out, or name those in the video.',
    'too-many': 'A video takes ten captions. Leave some out.',
    'too-large': 'A caption file has at most 1 MB, and all of a video have at most 3 MB.',
  } satisfies Record<CaptionProblem, string> as Record<CaptionProblem, string>,
  strayCaptions: (count: number) =>
    count === 1
      ? 'One caption file was left out: its name begins like no video. Add it to its video below.'
      : `${count} caption files were left out: their names begin like no video. Add them below.`,
  remove: (name: string) => `Do not upload ${name}`,
  leftOut: (count: number) =>
    count === 1
      ? 'One file was left out: it is empty or not a video.'
      : `${count} files were left out: they are empty or not videos.`,
  nothing: 'There is no video in it.',
  start: (size: string) => `Upload ${size}`,
  cancelDialog: 'Cancel',

  progressOf: (name: string) => `Progress of ${name}`,
  sent: (sent: string, size: string) => `${sent} of ${size}`,
  speed: (bytes: string) => `${bytes}/s`,
  left: (time: string) => `${time} left`,
  lost: 'The line is lost. It goes on by itself.',
  joining: 'Sent; the parts are being joined',
  arrived: 'Arrived',
  needsFile: (name: string) => `Choose ${name} again to go on`,
  needsPermission: 'The page was loaded again',
  goOn: 'Go on',
  chooseAgain: 'Choose it',
  elsewhere: 'Another tab of this browser sends it',
  retry: 'Try again',
  cancel: (name: string) => `Cancel the upload of ${name}`,
  reallyCancel: 'Cancel this upload?',
  yesCancel: 'Cancel it',
  keep: 'Go on',
  dismiss: (name: string) => `Remove ${name} from this list`,
  open: (title: string) => `Open ${title}`,
  cancelFailed: 'The upload was stopped, but its clip could not be deleted. Delete it in the list.',

  fileChanged: 'The file was changed, moved or removed. Choose it again as a new upload.',
  refused: 'The storage refuses the file. Check the clock of this computer, and try again.',
  closed: 'The upload has timed out. Upload the file again.',
  unknown: 'The upload has failed.',

  summary: (sending: number, waiting: number) =>
    [
      sending === 1 ? '1 upload is being sent' : sending ? `${sending} uploads are being sent` : '',
      waiting === 1 ? '1 upload needs you' : waiting ? `${waiting} uploads need you` : '',
    ]
      .filter(Boolean)
      .join(', '),
};
