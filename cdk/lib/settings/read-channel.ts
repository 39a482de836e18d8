/** Reads a live channel from the setting `channels`. */

import { readInput } from './input.ts';
import {
  type ChannelSettings,
  FILE_KINDS,
  type FileKinds,
  type OriginEndpoint,
  PRECISIONS,
  type Precision,
} from './settings.ts';
import { SECRET, type SettingsReader } from './settings-reader.ts';
import { readAudio, readCaptions } from './tracks.ts';

/** The least and the most that MediaPackage accepts. */
export const SEGMENT_SECONDS = [1, 30] as const;
export const STARTOVER_SECONDS = [60, 1_209_600] as const;

const COMPETITION = /^[A-Za-z0-9-]{1,64}$/;

export function readChannel(read: SettingsReader): ChannelSettings {
  const originEndpoint = read.optionalObject('originEndpoint', readOriginEndpoint);
  const input = read.optionalObject('input', readInput);
  const audio = read.list('audio', [], readAudio);
  const captions = read.optionalObject('captions', readCaptions);
  const clipFiles = read.optionalText(
    'clipFiles',
    new RegExp(`^(${FILE_KINDS.join('|')})$`),
    FILE_KINDS.join(', '),
  ) as FileKinds | undefined;
  const precision = read.optionalText(
    'precision',
    new RegExp(`^(${PRECISIONS.join('|')})$`),
    PRECISIONS.join(', '),
  ) as Precision | undefined;
  return {
    id: read.text(
      'id',
      undefined,
      /^[a-z0-9-]{1,20}$/,
      '1 to 20 lowercase letters, digits and hyphens',
    ),
    competition: read.text(
      'competition',
      undefined,
      COMPETITION,
      '1 to 64 letters, digits and hyphens',
    ),
    ...(originEndpoint === undefined ? {} : { originEndpoint }),
    ...(input === undefined ? {} : { input }),
    ...(audio.length === 0 ? {} : { audio }),
    ...(captions === undefined ? {} : { captions }),
    ...(clipFiles === undefined ? {} : { clipFiles }),
    ...(precision === undefined ? {} : { precision }),
  };
}

function readOriginEndpoint(read: SettingsReader): OriginEndpoint {
  const secret = read.optionalText('cdnIdentifierSecretArn', SECRET, 'the ARN of a secret');
  const segmentSeconds = read.optionalWhole('segmentSeconds', ...SEGMENT_SECONDS);
  const startoverSeconds = read.optionalWhole('startoverSeconds', ...STARTOVER_SECONDS);
  return {
    id: read.text('id', undefined, /^[A-Za-z0-9_-]+$/, 'the id of an origin endpoint'),
    manifest: read.text(
      'manifest',
      undefined,
      /^https:\/\/[^/?#]+\/out\/[^?#]+\.m3u8$/,
      'an https URL with /out/ in its path that ends in .m3u8',
    ),
    ...(secret === undefined ? {} : { cdnIdentifierSecretArn: secret }),
    ...(segmentSeconds === undefined ? {} : { segmentSeconds }),
    ...(startoverSeconds === undefined ? {} : { startoverSeconds }),
  };
}
