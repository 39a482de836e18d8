/** Saves a clip as an MP4 file. The browser makes the file from the clip's HLS segments. */

import type { Target } from 'mediabunny';
import { type Clip, playableUrl } from '../clip/clip.ts';
import { startOfRow } from '../clip/row-state.ts';
import { nameDownload } from './file-name.ts';
import {
  chooseRendition,
  parsePlaylist,
  parseRenditions,
  type Rendition,
  type Segment,
} from './manifest.ts';
import { limitDuration, type Patch } from './mp4-duration.ts';
import { loadMediabunny, type Mediabunny, type RemuxSource, remux } from './remux.ts';

/** Files of at most this many bytes are made in memory and go to the downloads folder. */
const MAX_IN_MEMORY = 256e6;
/** The largest file that a browser without access to files can make. */
const MAX_BLOB = 1.9e9;

/**
 * Why a clip cannot be saved.
 *
 * - `no-media`: nothing can be played
 * - `on-air`: the end of the window has not aired yet
 * - `protected`: the media is encrypted for players with a license (DRM)
 * - `unreachable`: a segment could not be loaded
 * - `too-large`: the file is too large for this browser
 * - `unsupported`: the media has no video that can be copied into an MP4 file
 */
export type DownloadProblem =
  | 'no-media'
  | 'on-air'
  | 'protected'
  | 'unreachable'
  | 'too-large'
  | 'unsupported';

/** A clip that cannot be saved as MP4. */
export class DownloadError extends Error {
  constructor(
    readonly problem: DownloadProblem,
    cause?: unknown,
  ) {
    super(`the clip cannot be saved as MP4: ${problem}`, { cause });
  }
}

/** What a download may need besides the clip. */
export interface DownloadOptions {
  /** The most pixels that the picture is high. Default: as many as the best rendition has. */
  readonly maxHeight?: number | undefined;
}

/**
 * Saves the requested part of a clip in one of its renditions, exact to the frame and without encoding.
 *
 * A large file is written to a place that the browser asks for, so call this in a click. Throws a
 * `DownloadError`, or the reason of the signal.
 */
export async function downloadMp4(
  clip: Clip,
  onProgress: (share: number) => void,
  signal: AbortSignal,
  { maxHeight }: DownloadOptions = {},
): Promise<void> {
  const url = playableUrl(clip);
  if (!url) throw new DownloadError('no-media');
  const multivariant = await read(url, signal);
  const renditions = parseRenditions(multivariant, url);
  const chosen = chooseRendition(renditions, maxHeight);
  // A manifest without renditions is that of one rendition.
  const rendition: Rendition = chosen ?? { url, bandwidth: 0 };
  const text = chosen ? await read(chosen.url, signal) : multivariant;
  const playlist = parsePlaylist(text);
  if (playlist.isProtected || parsePlaylist(multivariant).isProtected)
    throw new DownloadError('protected');
  if (!playlist.segments.length) throw new DownloadError('no-media');
  if (!playlist.isComplete) throw new DownloadError('on-air');

  const name = nameDownload(clip.meta.title, startOfRow({ key: clip.clip, clip }));
  const source: RemuxSource = {
    playlistUrl: rendition.url,
    segments: playlist.segments,
    audioUrl: rendition.audioUrl,
    part: clip.requested && {
      start: Date.parse(clip.requested.start),
      end: Date.parse(clip.requested.end),
    },
  };
  const bunny = await loadMediabunny();
  const size = estimateSize(rendition, playlist.segments);
  const picker = (window as Picker).showSaveFilePicker;
  if (size > MAX_IN_MEMORY && picker) {
    const handle = await picker.call(window, {
      suggestedName: name,
      types: [{ description: 'MP4', accept: { 'video/mp4': ['.mp4'] } }],
    });
    await saveToFile(handle, bunny, source, onProgress, signal);
  } else if (size > MAX_BLOB) throw new DownloadError('too-large');
  else offer(await makeBlob(bunny, source, onProgress, signal), name);
}

/** The picker of a file to write, which not every browser has. */
interface Picker {
  showSaveFilePicker?(options: object): Promise<FileSystemFileHandle>;
}

async function makeBlob(
  bunny: Mediabunny,
  source: RemuxSource,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const target = new bunny.BufferTarget();
  const patches = await write(bunny, source, target, 'in-memory', onProgress, signal);
  const bytes = new Uint8Array(target.buffer ?? new ArrayBuffer(0));
  for (const { position, bytes: patch } of patches) bytes.set(patch, position);
  return new Blob([bytes], { type: 'video/mp4' });
}

async function saveToFile(
  handle: FileSystemFileHandle,
  bunny: Mediabunny,
  source: RemuxSource,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = await handle.createWritable();
  const target = new bunny.StreamTarget(
    new WritableStream({
      write: ({ data, position }) => file.write({ type: 'write', data, position }),
    }),
    { chunked: true },
  );
  try {
    const patches = await write(bunny, source, target, 'reserve', onProgress, signal);
    for (const { position, bytes } of patches)
      await file.write({ type: 'write', data: bytes as BufferSource, position });
    await file.close();
  } catch (error) {
    // The browser throws away what was written.
    await file.abort().catch(() => undefined);
    throw error;
  }
}

/** Writes the file to a target. Returns what must be changed in it afterwards. */
async function write(
  bunny: Mediabunny,
  source: RemuxSource,
  target: Target,
  fastStart: 'in-memory' | 'reserve',
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Patch[]> {
  let moov: { bytes: Uint8Array; position: number } | undefined;
  const onMoov = (bytes: Uint8Array, position: number) => {
    moov = { bytes: bytes.slice(), position };
  };
  let seconds: number | undefined;
  try {
    seconds = await remux(bunny, source, { target, fastStart, onMoov }, onProgress, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new DownloadError(isNetworkError(error) ? 'unreachable' : 'unsupported', error);
  }
  if (seconds === undefined || !moov) throw new DownloadError('unsupported');
  onProgress(1);
  return limitDuration(moov.bytes, moov.position, seconds);
}

function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError || /fetch|HTTP|network/i.test(String(error));
}

/** The size in bytes, at most. */
function estimateSize({ bandwidth }: Rendition, segments: readonly Segment[]): number {
  return (bandwidth / 8) * segments.reduce((sum, { duration }) => sum + duration, 0);
}

async function read(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return await response.text();
  } catch (error) {
    signal.throwIfAborted();
    throw new DownloadError('unreachable', error);
  }
}

/** Hands a file to the browser's downloads. */
function offer(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the file by then; revoking at once cancels the download in Safari.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
