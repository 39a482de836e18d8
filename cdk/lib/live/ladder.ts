/** MediaLive's encoder settings: renditions whose segments align. */

import type { CfnChannel } from 'aws-cdk-lib/aws-medialive';

import type { Rendition, Settings } from '../settings/settings.ts';

const AUDIO = 'audio';

export function createEncoderSettings({
  ladder,
  segmentSeconds,
}: Settings): CfnChannel.EncoderSettingsProperty {
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
    videoDescriptions: ladder.map((rendition) => createVideo(rendition, segmentSeconds)),
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
  segmentSeconds: number,
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
        framerateControl: 'INITIALIZE_FROM_SOURCE',
        parControl: 'INITIALIZE_FROM_SOURCE',
        profile: rendition.height > 576 ? 'HIGH' : 'MAIN',
        adaptiveQuantization: 'AUTO',
        sceneChangeDetect: 'ENABLED',
        // A segment begins with a key frame, and needs no frame before it.
        gopSize: segmentSeconds,
        gopSizeUnits: 'SECONDS',
        gopClosedCadence: 1,
      },
    },
  };
}

function formatRenditionName({ height, bitrate }: Rendition): string {
  return `${height}p-${Math.round(bitrate / 1000)}k`;
}
