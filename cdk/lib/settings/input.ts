/**
 * The input of a live channel: how MediaLive gets the stream. Names and rules are MediaLive's.
 * https://docs.aws.amazon.com/medialive/latest/ug/inputs-live-vs-file.html
 */

import { SECRET, type SettingsReader } from './settings-reader.ts';

/** To these inputs, an encoder pushes. */
const PUSH_TYPES = ['RTMP_PUSH', 'RTP_PUSH', 'SRT_LISTENER'] as const;
type PushType = (typeof PUSH_TYPES)[number];

/** For these inputs, MediaLive gets the stream from a source. */
const PULL_TYPES = ['SRT_CALLER', 'MEDIACONNECT', 'URL_PULL', 'MP4_FILE'] as const;
type PullType = (typeof PULL_TYPES)[number];

const ALGORITHMS = ['AES128', 'AES192', 'AES256'] as const;

/** The setting as it is given. `make deploy` writes it back to the settings of a channel. */
export interface InputSettings extends SrtSettings {
  readonly type: PushType | PullType;
  /** Where MediaLive gets the stream: one source, or two for a redundant channel. None if an encoder pushes. */
  readonly sources?: readonly string[];
}

/** The fields of SRT_LISTENER and SRT_CALLER. */
interface SrtSettings {
  /** The latency in milliseconds in which lost packets are sent again. The longer one of both sides counts. */
  readonly minimumLatency?: number;
  readonly streamId?: string;
  /** The secret whose whole text is the passphrase. SRT_LISTENER requires it. @default not encrypted */
  readonly passphraseSecretArn?: string;
  /** Set with the secret. The sender may choose a longer key. */
  readonly algorithm?: (typeof ALGORITHMS)[number];
}

const ADDRESS = String.raw`\d{1,3}(\.\d{1,3}){3}`;
const WEB_FOLDER = String.raw`https?://[^\s/@?#]+/`;
// MediaLive supports no buckets with dots in their names:
// https://docs.aws.amazon.com/medialive/latest/ug/setup-mp4-obtain-info.html
const BUCKET = 's3ssl://[a-z0-9][a-z0-9-]{2,62}/';

/** The form of the sources of each type, in a pattern and in words. */
const SOURCES: Readonly<Record<PullType, readonly [RegExp, string]>> = {
  SRT_CALLER: [
    new RegExp(String.raw`^${ADDRESS}:\d{1,5}$`),
    'the address and port of an SRT listener such as 203.0.113.7:5000',
  ],
  MEDIACONNECT: [
    /^arn:aws[a-z-]*:mediaconnect:[a-z0-9-]+:\d{12}:flow:[^\s:*]+:[^\s:*]+$/,
    'the ARN of a MediaConnect flow',
  ],
  URL_PULL: [
    new RegExp(String.raw`^${WEB_FOLDER}[^\s?#]+\.m3u8(\?\S*)?$`),
    'the URL of an HLS manifest that ends in .m3u8, without a user name',
  ],
  MP4_FILE: [
    new RegExp(String.raw`^(${BUCKET}|${WEB_FOLDER})[^\s?#*]+\.mp4$`),
    'an MP4 file such as s3ssl://bucket/folder/file.mp4, in a bucket without dots in its name, or an http URL without a user name',
  ],
};

/** Whether encoders push to the input. */
export function isPushed({ type }: Pick<InputSettings, 'type'>): boolean {
  return PUSH_TYPES.some((it) => it === type);
}

/** Reads the setting `input` of a channel. */
export function readInput(read: SettingsReader): InputSettings {
  const type = read.oneOf('type', [...PUSH_TYPES, ...PULL_TYPES], 'RTMP_PUSH');
  const pull = PULL_TYPES.find((it) => it === type);
  return {
    type,
    ...(pull === undefined ? {} : { sources: read.texts('sources', [], ...SOURCES[pull]) }),
    ...(type === 'SRT_LISTENER' || type === 'SRT_CALLER' ? readSrt(read, type) : {}),
  };
}

/** https://docs.aws.amazon.com/medialive/latest/ug/input-listener-srt-setup.html */
function readSrt(read: SettingsReader, type: InputSettings['type']): SrtSettings {
  const form = [SECRET, 'the ARN of a secret with the passphrase'] as const;
  const passphraseSecretArn =
    type === 'SRT_LISTENER'
      ? read.text('passphraseSecretArn', undefined, ...form)
      : read.optionalText('passphraseSecretArn', ...form);
  const streamId = read.optionalText(
    'streamId',
    /^\S{1,512}$/,
    '1 to 512 characters without spaces',
  );
  return {
    minimumLatency: read.whole('minimumLatency', 2000, 120, 15_000),
    ...(streamId === undefined ? {} : { streamId }),
    ...(passphraseSecretArn === undefined
      ? {}
      : { passphraseSecretArn, algorithm: read.oneOf('algorithm', ALGORITHMS, 'AES128') }),
  };
}
