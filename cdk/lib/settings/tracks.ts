/** The sound and the captions of a live channel: which tracks of its input are kept, in which languages. */

import type { SettingsReader } from './settings-reader.ts';

/** A sound of the channel. */
export interface AudioSettings {
  /** The name that players show, such as `English`. */
  readonly name: string;
  /** An ISO 639-2 code, such as `eng`. */
  readonly language: string;
  /** Which sound of the input it is. Exactly one field is set. */
  readonly selector: AudioSelector;
}

export interface AudioSelector {
  /** The PID in a transport stream. */
  readonly pid?: number;
  /** The number of the track, from 1. */
  readonly track?: number;
  /** The language that the input says, an ISO 639-2 code. */
  readonly language?: string;
}

/** Captions that are embedded in the video of the input, as CEA-608 or CEA-708. */
export interface CaptionSettings {
  /** The WebVTT renditions that are made of them, beside the embedded captions. */
  readonly webvtt: readonly WebvttSettings[];
}

export interface WebvttSettings {
  readonly name: string;
  readonly language: string;
  /** The channel of the embedded captions, CC1 to CC4. */
  readonly channel: number;
}

/** MediaLive takes at most four selectors of embedded captions: identify-captions-in-the-input.html in its guide. */
const MAX_WEBVTT = 4;
const LANGUAGE = [/^[a-z]{3}$/, 'a language code of three letters such as eng'] as const;
const NAME = [/^[^"\s][^"\n]{0,63}$/, '1 to 64 characters without a quotation mark'] as const;

/** Whether players choose between several sounds. */
export function hasSeveralSounds(audio: readonly AudioSettings[] | undefined): boolean {
  return (audio ?? []).length > 1;
}

/** Reads an entry of the setting `audio` of a channel. */
export function readAudio(read: SettingsReader): AudioSettings {
  const named = readNamed(read);
  const selector = read.optionalObject('selector', (it): AudioSelector => {
    const pid = it.optionalWhole('pid', 0, 8191);
    const track = it.optionalWhole('track', 1, 32);
    const language = it.optionalText('language', ...LANGUAGE);
    if ([pid, track, language].filter((value) => value !== undefined).length !== 1)
      it.refuse('must have exactly one of pid, track and language.');
    return {
      ...(pid === undefined ? {} : { pid }),
      ...(track === undefined ? {} : { track }),
      ...(language === undefined ? {} : { language }),
    };
  });
  if (selector === undefined)
    read.refuse('has no selector. Say which sound of the input it is, such as {"track": 1}.');
  return { ...named, selector: selector ?? {} };
}

/** Reads the setting `captions` of a channel. */
export function readCaptions(read: SettingsReader): CaptionSettings {
  const webvtt = read.list('webvtt', [], (it) => ({
    ...readNamed(it),
    channel: it.whole('channel', undefined, 1, 4),
  }));
  if (webvtt.length > MAX_WEBVTT)
    read.refuse(`has ${webvtt.length} WebVTT renditions. The maximum is ${MAX_WEBVTT}.`);
  return { webvtt };
}

function readNamed(read: SettingsReader): { readonly name: string; readonly language: string } {
  return {
    name: read.text('name', undefined, ...NAME),
    language: read.text('language', undefined, ...LANGUAGE),
  };
}
