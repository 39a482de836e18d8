/** MediaLive's encoder settings: renditions whose segments align. */

import type { CfnChannel } from 'aws-cdk-lib/aws-medialive';

import {
  type ChannelSettings,
  countSegmentFrames,
  type Rendition,
  type Settings,
} from '../settings/settings.ts';
import {
  createAudioDescriptions,
  createCaptionDescriptions,
  createTrackOutputs,
  createVideoTracks,
} from './tracks.ts';

export function createEncoderSettings(
  settings: Settings,
  channel: ChannelSettings,
): CfnChannel.EncoderSettingsProperty {
  const { ladder } = settings;
  const captionDescriptions = createCaptionDescriptions(channel);
  return {
    // Makes PROGRAM-DATE-TIME, the clock of all windows, UTC, whatever the encoder sends.
    timecodeConfig: { source: 'SYSTEMCLOCK' },
    audioDescriptions: createAudioDescriptions(channel),
    ...(captionDescriptions.length === 0 ? {} : { captionDescriptions }),
    videoDescriptions: ladder.map((rendition) => createVideo(rendition, settings)),
    outputGroups: [
      {
        name: 'package',
        outputGroupSettings: {
          mediaPackageGroupSettings: { destination: { destinationRefId: 'package' } },
        },
        outputs: [
          ...ladder.map((rendition) => ({
            outputName: formatRenditionName(rendition),
            videoDescriptionName: formatRenditionName(rendition),
            ...createVideoTracks(channel),
            outputSettings: { mediaPackageOutputSettings: {} },
          })),
          ...createTrackOutputs(channel),
        ],
      },
    ],
  };
}

function createVideo(
  rendition: Rendition,
  settings: Settings,
): CfnChannel.VideoDescriptionProperty {
  return {
    name: formatRenditionName(rendition),
    width: rendition.width,
    height: rendition.height,
    scalingBehavior: 'DEFAULT',
    codecSettings: {
      h264Settings: {
        rateControlMode: 'CBR',
        bitrate: rendition.bitrate,
        // In an output for MediaPackage, both must be specified: MediaLive User Guide, MediaPackage
        // output group, "Streams section".
        framerateControl: 'SPECIFIED',
        framerateNumerator: settings.frameRate.numerator,
        framerateDenominator: settings.frameRate.denominator,
        parControl: 'SPECIFIED',
        parNumerator: 1,
        parDenominator: 1,
        profile: rendition.height > 576 ? 'HIGH' : 'MAIN',
        adaptiveQuantization: 'AUTO',
        sceneChangeDetect: 'ENABLED',
        // A segment begins with a key frame, and needs no frame before it. Frames are exact: 2 s of
        // 30000/1001 frames a second would be 59.94 frames.
        gopSize: countSegmentFrames(settings),
        gopSizeUnits: 'FRAMES',
        gopClosedCadence: 1,
      },
    },
  };
}

function formatRenditionName({ height, bitrate }: Rendition): string {
  return `${height}p-${Math.round(bitrate / 1000)}k`;
}
