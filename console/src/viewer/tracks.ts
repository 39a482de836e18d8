/** The sounds and the captions of a video that hls.js plays. */

import type Hls from 'hls.js';

/** A sound or captions, by the name or the language that the manifest gives. */
export interface Track {
  readonly index: number;
  readonly label: string;
}

/** A sound of a video. */
export interface Sound extends Track {
  /** As the manifest has it; empty if it has none. */
  readonly language: string;
}

/** Captions of a video. */
export interface Captions extends Track {
  /** As the manifest has it; empty if it has none. */
  readonly language: string;
  /** Whether they are embedded in the video. */
  readonly isInVideo: boolean;
}

/** The choices, and the chosen one. */
export interface Tracks {
  /** The sounds to choose from. Media with one sound has none. */
  readonly sounds: readonly Sound[];
  /** The sound that is heard, by its index. */
  readonly sound: number;
  readonly captions: readonly Captions[];
  /** The captions that are shown, by their index; -1 for none. */
  readonly caption: number;
}

/** Chooses sounds and captions. */
export interface TrackChooser {
  setSound(index: number): void;
  /** -1 hides the captions. */
  setCaption(index: number): void;
}

export const NO_TRACKS: Tracks = { sounds: [], sound: -1, captions: [], caption: -1 };

/** The sounds of a presentation in hls.js. */
export function soundsOf(hls: Pick<Hls, 'audioTracks' | 'audioTrack'>) {
  const sounds = hls.audioTracks.map(({ name, lang }, index) => ({
    index,
    label: name || lang || String(index + 1),
    language: lang ?? '',
  }));
  return { sounds: sounds.length > 1 ? sounds : [], sound: hls.audioTrack };
}

/** The captions among the text tracks of a video. */
export function captionsOf(textTracks: Iterable<TextTrack>) {
  const tracks = [...textTracks];
  const offered = offeredOf(tracks);
  const captions = offered.map((track) => {
    const index = tracks.indexOf(track);
    const { label, language, kind } = track;
    const name = label || language || String(index + 1);
    return { index, label: name, language, isInVideo: kind === 'captions' };
  });
  const caption = tracks.findIndex((it) => offered.includes(it) && it.mode === 'showing');
  return { captions, caption };
}

/** Hides captions that are not offered. A browser shows some as soon as it finds them in the video. */
export function hideOtherCaptions(textTracks: Iterable<TextTrack>): void {
  const tracks = [...textTracks];
  const offered = offeredOf(tracks);
  for (const track of tracks)
    if (isCaptions(track) && !offered.includes(track) && track.mode === 'showing')
      track.mode = 'disabled';
}

/** Shows captions by their index among the text tracks of a video; -1 hides them. */
export function showCaptions(textTracks: Iterable<TextTrack>, index: number): void {
  [...textTracks].forEach((track, at) => {
    if (isCaptions(track)) track.mode = at === index ? 'showing' : 'disabled';
  });
}

/** Renditions are made of the captions that are embedded in the video, and say the same. */
function offeredOf(tracks: readonly TextTrack[]): TextTrack[] {
  const renditions = tracks.filter(({ kind }) => kind === 'subtitles');
  return renditions.length ? renditions : tracks.filter(isCaptions);
}

function isCaptions({ kind }: TextTrack): boolean {
  return kind === 'captions' || kind === 'subtitles';
}
