/** MediaLive's encoder settings: renditions whose segments align. */

import type { CfnChannel } from 'aws-cdk-lib/aws-medialive';

import { countSegmentFrames, type Rendition, type Settings } from '../settings/settings.ts';

const AUDIO = 'audio';

export function createEncoderSettings(settings: Settings): CfnChannel.EncoderSettingsProperty {
  const { ladder } = settings;
  return {
    // Makes PROGRAM-DATE-TIME, the clock of all windows, UTC, whatever the encoder sends.
    timecodeConfig: { source: 'SYSTEMCLOCK' },
    audioDescriptions: [
      {
        name: AUDIO,
        audioSelectorName: 'default',
        codecSettings: {
          aacSettings: { bitrate: 128_000, codingMode: 'CODING_MODE_2_0', sampleRate: 48_000 },
        },
      },
    ],
    videoDescriptions: ladder.map((rendition) => createVideo(rendition, settings)),
    outputGroups: [
      {
        name: 'package',
        outputGroupSettings: {
          mediaPackageGroupSettings: { destination: { destinationRefId: 'package' } },
        },
        outputs: ladder.map((rendition) => ({
          outputName: formatRenditionName(rendition),
          videoDescriptionName: formatRenditionName(rendition),
          audioDescriptionNames: [AUDIO],
          outputSettings: { mediaPackageOutputSettings: {} },
        })),
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
