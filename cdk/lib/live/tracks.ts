/** The sound and the captions of a channel in MediaLive: selectors of the input, encodes and outputs. */

import type { CfnChannel } from 'aws-cdk-lib/aws-medialive';

import type { ChannelSettings } from '../settings/settings.ts';
import {
  type AudioSelector,
  type AudioSettings,
  hasSeveralSounds,
  type WebvttSettings,
} from '../settings/tracks.ts';

const AUDIO = 'audio';
const EMBEDDED = 'embedded';

/** The selectors of the input, which belong to its attachment. */
export function createSelectors({
  audio = [],
  captions,
}: ChannelSettings): Pick<CfnChannel.InputSettingsProperty, 'audioSelectors' | 'captionSelectors'> {
  const captionSelectors = captions === undefined ? [] : createCaptionSelectors(captions.webvtt);
  return {
    ...(audio.length === 0
      ? {}
      : {
          audioSelectors: audio.map(({ selector }, at) => ({
            name: nameSound(audio, at),
            selectorSettings: createAudioSelector(selector),
          })),
        }),
    ...(captionSelectors.length === 0 ? {} : { captionSelectors }),
  };
}

/** The encodes of sound. Without settings, it is the input's first sound. */
export function createAudioDescriptions({
  audio = [],
}: ChannelSettings): CfnChannel.AudioDescriptionProperty[] {
  const codecSettings = {
    aacSettings: { bitrate: 128_000, codingMode: 'CODING_MODE_2_0', sampleRate: 48_000 },
  };
  if (audio.length === 0) return [{ name: AUDIO, audioSelectorName: 'default', codecSettings }];
  return audio.map(({ name, language }, at) => ({
    name: nameSound(audio, at),
    audioSelectorName: nameSound(audio, at),
    languageCode: language,
    languageCodeControl: 'USE_CONFIGURED',
    streamName: name,
    codecSettings,
  }));
}

/** The encodes of captions: those embedded in the video as they are, and WebVTT renditions. */
export function createCaptionDescriptions({
  captions,
}: ChannelSettings): CfnChannel.CaptionDescriptionProperty[] {
  if (captions === undefined) return [];
  return [
    {
      name: EMBEDDED,
      captionSelectorName: captions.webvtt.length === 0 ? EMBEDDED : nameWebvtt(0),
      destinationSettings: { embeddedDestinationSettings: {} },
    },
    ...captions.webvtt.map(({ name, language }, at) => ({
      name: nameWebvtt(at),
      captionSelectorName: nameWebvtt(at),
      languageCode: language,
      languageDescription: name,
      destinationSettings: { webvttDestinationSettings: { styleControl: 'NO_STYLE_DATA' } },
    })),
  ];
}

/** What a video output carries beside the video: one sound is part of it, several are not. */
export function createVideoTracks(
  channel: ChannelSettings,
): Pick<CfnChannel.OutputProperty, 'audioDescriptionNames' | 'captionDescriptionNames'> {
  const sounds = createAudioDescriptions(channel).flatMap(({ name }) => name ?? []);
  return {
    ...(hasSeveralSounds(channel.audio) ? {} : { audioDescriptionNames: sounds }),
    ...(channel.captions === undefined ? {} : { captionDescriptionNames: [EMBEDDED] }),
  };
}

/**
 * The outputs of single tracks. Each sound of several and each WebVTT rendition has an output of its own.
 * https://docs.aws.amazon.com/medialive/latest/ug/design-emp-hls-package.html
 */
export function createTrackOutputs(channel: ChannelSettings): CfnChannel.OutputProperty[] {
  const { audio, captions } = channel;
  const outputSettings = { mediaPackageOutputSettings: {} };
  const sounds = hasSeveralSounds(audio) ? createAudioDescriptions(channel) : [];
  return [
    ...sounds.flatMap(({ name }) =>
      name === undefined
        ? []
        : [{ outputName: name, audioDescriptionNames: [name], outputSettings }],
    ),
    ...(captions?.webvtt ?? []).map((_, at) => ({
      outputName: nameWebvtt(at),
      captionDescriptionNames: [nameWebvtt(at)],
      outputSettings,
    })),
  ];
}

/**
 * The channel's only sound keeps its name, so that its encodes do not change with the setting.
 * Otherwise names are numbered, because two sounds may have the same language.
 */
function nameSound(audio: readonly AudioSettings[], at: number): string {
  return hasSeveralSounds(audio) ? `${AUDIO}-${at + 1}` : AUDIO;
}

function nameWebvtt(at: number): string {
  return `webvtt-${at + 1}`;
}

function createAudioSelector({
  pid,
  track,
  language,
}: AudioSelector): CfnChannel.AudioSelectorSettingsProperty {
  if (pid !== undefined) return { audioPidSelection: { pid } };
  if (track !== undefined) return { audioTrackSelection: { tracks: [{ track }] } };
  // STRICT is silent while the input lacks the language, instead of sounding in another one.
  return {
    audioLanguageSelection: { languageCode: language, languageSelectionPolicy: 'STRICT' },
  };
}

/**
 * One selector is enough to pass all embedded captions on. WebVTT needs one for each channel of theirs, and
 * then there is none for the embedded captions.
 * https://docs.aws.amazon.com/medialive/latest/ug/identify-captions-in-the-input.html
 */
function createCaptionSelectors(
  webvtt: readonly WebvttSettings[],
): CfnChannel.CaptionSelectorProperty[] {
  // With DISABLED, CEA-608 and CEA-708 stay as they are. UPCONVERT would discard CEA-708 beside CEA-608.
  const convert608To708 = 'DISABLED';
  if (webvtt.length === 0)
    return [{ name: EMBEDDED, selectorSettings: { embeddedSourceSettings: { convert608To708 } } }];
  return webvtt.map(({ channel }, at) => ({
    name: nameWebvtt(at),
    selectorSettings: {
      embeddedSourceSettings: { convert608To708, source608ChannelNumber: channel },
    },
  }));
}
