/** What MediaLive makes of the encoder's stream: the renditions, cut so that segments align. */

import type { CfnChannel } from 'aws-cdk-lib/aws-medialive';

import type { Rendition, Settings } from '../settings/settings.ts';

const AUDIO = 'audio';

export function encoderSettings({
  ladder,
  segmentSeconds,
}: Settings): CfnChannel.EncoderSettingsProperty {
  return {
    // PROGRAM-DATE-TIME, the clock of all windows, is then UTC whatever the encoder sends.
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
    videoDescriptions: ladder.map((rendition) => video(rendition, segmentSeconds)),
    outputGroups: [
      {
        name: 'package',
        outputGroupSettings: {
          mediaPackageGroupSettings: { destination: { destinationRefId: 'package' } },
        },
        outputs: ladder.map((rendition) => ({
          outputName: nameOf(rendition),
          videoDescriptionName: nameOf(rendition),
          audioDescriptionNames: [AUDIO],
          outputSettings: { mediaPackageOutputSettings: {} },
        })),
      },
    ],
  };
}

function video(rendition: Rendition, segmentSeconds: number): CfnChannel.VideoDescriptionProperty {
  return {
    name: nameOf(rendition),
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
        // A segment begins with a key frame that nothing before it is needed for.
        gopSize: segmentSeconds,
        gopSizeUnits: 'SECONDS',
        gopClosedCadence: 1,
      },
    },
  };
}

function nameOf({ height, bitrate }: Rendition): string {
  return `${height}p-${Math.round(bitrate / 1000)}k`;
}
