/** Copies a part of an HLS rendition into an MP4 file, frame by frame and without encoding. */

import type {
  EncodedPacket,
  EncodedPacketSink,
  InputAudioTrack,
  InputVideoTrack,
  Output,
  Target,
} from 'mediabunny';
import type { Segment } from './manifest.ts';

/** Loads the library when something is downloaded. */
export const loadMediabunny = () => import('mediabunny');
export type Mediabunny = Awaited<ReturnType<typeof loadMediabunny>>;

/** The part to copy, in ms since 1970. Without one everything is copied. */
export interface DatePart {
  readonly start: number;
  readonly end: number;
}

/** What is copied. */
export interface RemuxSource {
  readonly playlistUrl: string;
  readonly segments: readonly Segment[];
  /** The playlist of the sound, if it is not in the same segments. */
  readonly audioUrl?: string | undefined;
  readonly part?: DatePart | undefined;
}

/** Where the file is written to. */
export interface RemuxTarget {
  readonly target: Target;
  /** `reserve` leaves room for the description at the start of a file that is written in order. */
  readonly fastStart: 'in-memory' | 'reserve';
  /** Called with the description of the file, when the file is complete. */
  readonly onMoov: (moov: Uint8Array, position: number) => void;
}

/** Times in a manifest are whole milliseconds, so that the time of a frame is up to 1 ms off. */
const ROUNDING = 0.001;
/** Frames that are decoded early follow within this many packets. Encoders use less. */
const MAX_REORDERED = 16;
/** The frames that a file must have room for, over those that its rate makes expect. */
const SPARE_PACKETS = 1000;
/** One tick of an MP4 file of mediabunny, in seconds. */
const TICK = 1 / 57_600;

/** A media file with the times of its frames, in seconds. */
interface Frames {
  /** The first frame of the part. */
  readonly first: EncodedPacket;
  /** The key frame that it is decoded from. */
  readonly key: EncodedPacket;
  /** The part ends before the first frame at or after this time. */
  readonly end: number;
}

/**
 * Copies the part. Returns its exact duration in seconds, or nothing if there is no video.
 *
 * The video starts with the key frame before the part, and an edit list hides what is before the
 * first frame. `onProgress` is called with the share that was copied, from 0 to 1.
 */
export async function remux(
  bunny: Mediabunny,
  source: RemuxSource,
  { target, fastStart, onMoov }: RemuxTarget,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  const open = (url: string) =>
    new bunny.Input({
      source: new bunny.UrlSource(url, { getRetryDelay: retryDelay }),
      formats: [bunny.HLS, bunny.MPEG_TS, bunny.MP4, bunny.ADTS],
      // Players count without the times off air, and so does the file.
      formatOptions: { hls: { offsetTimestampsByDateTime: false } },
    });
  const input = open(source.playlistUrl);
  const audioInput = source.audioUrl ? open(source.audioUrl) : input;
  const output = new bunny.Output({
    format: new bunny.Mp4OutputFormat({ fastStart, onMoov }),
    target,
  });
  const abort = () => {
    input.dispose();
    audioInput.dispose();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const video = await input.getPrimaryVideoTrack();
    const audio = await audioInput.getPrimaryAudioTrack();
    if (!video) return undefined;
    return await copy(bunny, source, video, audio, output, onProgress);
  } catch (error) {
    if (output.state !== 'finalized') await output.cancel().catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    abort();
  }
}

async function copy(
  bunny: Mediabunny,
  source: RemuxSource,
  video: InputVideoTrack,
  audio: InputAudioTrack | null,
  output: Output,
  onProgress: (share: number) => void,
): Promise<number | undefined> {
  const frames = new bunny.EncodedPacketSink(video);
  const part = await findPart(frames, source);
  const codec = await video.getCodec();
  if (!part || !codec) return undefined;
  const seconds = source.segments.reduce((sum, { duration }) => sum + duration, 0);
  const room = (rate: number) => Math.ceil(rate * 1.1 * seconds) + SPARE_PACKETS;

  const { averagePacketRate } = await video.computePacketStats(100);
  const videoSource = new bunny.EncodedVideoPacketSource(codec);
  output.addVideoTrack(videoSource, { maximumPacketCount: room(averagePacketRate) });
  const audioCodec = await audio?.getCodec();
  const audioSource = audioCodec ? new bunny.EncodedAudioPacketSource(audioCodec) : undefined;
  if (audio && audioSource) {
    const { averagePacketRate } = await audio.computePacketStats(100);
    output.addAudioTrack(audioSource, { maximumPacketCount: room(averagePacketRate) });
  }
  await output.start();

  // Without an offset the file would have no edit list that could be shortened.
  const shift = part.key.timestamp === part.first.timestamp ? TICK : 0;
  const begin = part.first.timestamp - shift;
  const length = Math.max(Math.min(part.end, begin + seconds) - begin, TICK);
  let end = part.first.timestamp;

  async function copyVideo(): Promise<void> {
    const meta = { decoderConfig: (await video.getDecoderConfig()) ?? undefined };
    let late: EncodedPacket[] = [];
    for await (const packet of frames.packets(part?.key)) {
      late.push(packet);
      if (packet.timestamp >= (part?.end ?? 0) - ROUNDING) {
        if (packet.type === 'key' || late.length > MAX_REORDERED) break;
        continue;
      }
      end = Math.max(end, packet.timestamp + packet.duration);
      for (const it of late)
        await videoSource.add(it.clone({ timestamp: it.timestamp - begin }), meta);
      late = [];
      onProgress(Math.min(1, Math.max(0, (packet.timestamp - begin) / length)));
    }
    videoSource.close();
  }

  async function copyAudio(): Promise<void> {
    if (!audio || !audioSource || !part) return;
    const sink = new bunny.EncodedPacketSink(audio);
    const meta = { decoderConfig: (await audio.getDecoderConfig()) ?? undefined };
    const first = (await sink.getPacket(part.first.timestamp)) ?? (await sink.getFirstPacket());
    if (first)
      for await (const packet of sink.packets(first)) {
        if (packet.timestamp >= part.end - ROUNDING) break;
        await audioSource.add(packet.clone({ timestamp: packet.timestamp - begin }), meta);
      }
    audioSource.close();
  }

  await Promise.all([copyVideo(), copyAudio()]);
  await output.finalize();
  return end - begin;
}

/** Finds the frames that the part starts and ends with. */
async function findPart(
  sink: EncodedPacketSink,
  { segments, part }: RemuxSource,
): Promise<Frames | undefined> {
  const opening = await sink.getFirstKeyPacket();
  if (!opening) return undefined;
  const everything = { first: opening, key: opening, end: Number.POSITIVE_INFINITY };
  if (!part) return everything;

  /** The time of a date in the media. The first frame of a segment is what its date belongs to. */
  async function timeOf(date: number, segment: Segment): Promise<number> {
    // A key frame: the first of the segment, because the time is less than a group of pictures on.
    const soon = Math.min(0.3 * segment.duration, 0.5);
    const key = await sink.getKeyPacket((opening?.timestamp ?? 0) + segment.at + soon);
    const first = key?.timestamp ?? opening?.timestamp ?? 0;
    return first + (date - (segment.date ?? date)) / 1000;
  }
  const startsBefore = (date: number) =>
    segments.findLast((segment) => segment.date !== undefined && segment.date <= date);

  const startSegment = startsBefore(part.start + 1000 * ROUNDING);
  const endSegment = startsBefore(part.end - 1000 * ROUNDING);
  const start = startSegment && (await timeOf(part.start, startSegment));
  const end = endSegment ? await timeOf(part.end, endSegment) : Number.POSITIVE_INFINITY;
  if (start === undefined) return { ...everything, end };
  const first = await sink.getPacket(start + ROUNDING);
  const key = await sink.getKeyPacket(start + ROUNDING);
  return first && key ? { first, key, end } : { ...everything, end };
}

/** Segments are requested four times before the download fails. */
function retryDelay(attempts: number): number | null {
  return attempts < 3 ? 0.5 * 2 ** attempts : null;
}
