/** Reads pictures and sound levels out of segments, away from the page's own thread. */

import { AudioSampleSink, BufferSource, CanvasSink, Input, MPEG_TS } from 'mediabunny';

/** A question to the worker. `id` comes back with the answer. */
export type StripQuestion =
  | {
      readonly id: number;
      readonly kind: 'picture';
      readonly url: string;
      readonly width: number;
      readonly height: number;
      /** How long after the first frame, in seconds. */
      readonly after: number;
    }
  | { readonly id: number; readonly kind: 'levels'; readonly url: string; readonly count: number }
  /** Forgets a question, if it is still being answered. */
  | { readonly id: number; readonly kind: 'cancel' };

/** An answer. Without a picture and levels, the segment could not be read. */
export interface StripAnswer {
  readonly id: number;
  readonly picture?: ImageBitmap;
  /** The loudest sample of each part of the segment, from 0 to 1. */
  readonly levels?: Float32Array<ArrayBuffer>;
}

/** The first key frame of the smallest rendition is in these bytes almost always. */
const FIRST_BYTES = 65_536;

const running = new Map<number, AbortController>();

self.onmessage = async ({ data }: MessageEvent<StripQuestion>) => {
  if (data.kind === 'cancel') {
    running.get(data.id)?.abort();
    return;
  }
  const stop = new AbortController();
  running.set(data.id, stop);
  const answer: StripAnswer = await (data.kind === 'picture'
    ? readPicture(data, stop.signal)
    : readLevels(data, stop.signal)
  ).catch(() => ({ id: data.id }));
  running.delete(data.id);
  self.postMessage(answer, { transfer: answer.picture ? [answer.picture] : [] });
};

async function readPicture(
  question: Extract<StripQuestion, { kind: 'picture' }>,
  signal: AbortSignal,
): Promise<StripAnswer> {
  const { id, url, after } = question;
  if (after === 0) {
    const first = await fetchBytes(url, signal, FIRST_BYTES);
    // A key frame that is larger than the first bytes cannot be decoded.
    const picture = await decode(first, question).catch(() => undefined);
    if (picture) return { id, picture };
  }
  const picture = await decode(await fetchBytes(url, signal), question);
  return picture ? { id, picture } : { id };
}

async function decode(
  bytes: ArrayBuffer,
  { width, height, after }: Extract<StripQuestion, { kind: 'picture' }>,
): Promise<ImageBitmap | undefined> {
  const track = await open(bytes).getPrimaryVideoTrack();
  if (!track) return undefined;
  const sink = new CanvasSink(track, { width, height, fit: 'contain' });
  const frame = await sink.getCanvas((await track.getFirstTimestamp()) + after);
  return frame ? createImageBitmap(frame.canvas) : undefined;
}

async function readLevels(
  { id, url, count }: Extract<StripQuestion, { kind: 'levels' }>,
  signal: AbortSignal,
): Promise<StripAnswer> {
  const track = await open(await fetchBytes(url, signal)).getPrimaryAudioTrack();
  if (!track) return { id, levels: new Float32Array(count) };
  const [first, end] = [await track.getFirstTimestamp(), await track.computeDuration()];
  const levels = new Float32Array(count);
  for await (const sample of new AudioSampleSink(track).samples()) {
    const options = { planeIndex: 0, format: 'f32-planar' } as const;
    const values = new Float32Array(sample.allocationSize(options) / 4);
    sample.copyTo(values, options);
    const at = ((sample.timestamp - first) / (end - first)) * count;
    const step = (sample.duration / (end - first)) * count;
    values.forEach((value, index) => {
      const part = Math.min(count - 1, Math.floor(at + (index / values.length) * step));
      if (Math.abs(value) > (levels[part] ?? 0)) levels[part] = Math.abs(value);
    });
    sample.close();
  }
  return { id, levels };
}

function open(bytes: ArrayBuffer): Input {
  return new Input({ source: new BufferSource(bytes), formats: [MPEG_TS] });
}

async function fetchBytes(url: string, signal: AbortSignal, count?: number): Promise<ArrayBuffer> {
  const headers = count ? { range: `bytes=0-${count - 1}` } : undefined;
  const reply = await fetch(url, { signal, ...(headers && { headers }) });
  if (!reply.ok) throw new Error(`GET ${url} answered ${reply.status}`);
  return reply.arrayBuffer();
}
