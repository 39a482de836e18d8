/** Makes a picture of a clip that has none: decodes one key frame of its smallest rendition. */

import { type Clip, partSeconds, requestedPart } from './part.ts';
import { lowestRendition, segmentAt } from './playlist.ts';

/** How wide a picture is, in pixels. */
const WIDTH = 640;
/** The first bytes of a segment, which have its first key frame. */
const FIRST_BYTES = 65_536;

/** The picture in the middle of a clip, as a JPEG. Nothing, if its media has none that can be read. */
export async function grabPicture(clip: Clip, signal: AbortSignal): Promise<Blob | undefined> {
  if (!clip.manifest) return undefined;
  const multivariant = await read(clip.manifest, signal);
  const rendition = lowestRendition(await multivariant.text(), clip.manifest);
  if (!rendition) return undefined;
  const playlist = await (await read(rendition, signal)).text();
  const moment = requestedPart(clip).start + (partSeconds(clip) ?? 0) / 2;
  const segment = segmentAt(playlist, rendition, moment);
  if (!segment) return undefined;
  const init = segment.init ? await (await read(segment.init, signal)).arrayBuffer() : undefined;
  const start = await read(segment.url, signal, `bytes=0-${FIRST_BYTES - 1}`);
  const bytes = await start.arrayBuffer();
  try {
    return await decode(join(init, bytes));
  } catch (error) {
    // The key frame is larger than the first bytes.
    if (start.status !== 206 || bytes.byteLength < FIRST_BYTES) throw error;
    const whole = await read(segment.url, signal);
    return decode(join(init, await whole.arrayBuffer()));
  }
}

async function read(url: string, signal: AbortSignal, range?: string): Promise<Response> {
  const headers = range ? { range } : undefined;
  const response = await fetch(url, { signal, priority: 'low', ...(headers && { headers }) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

async function decode(bytes: ArrayBuffer): Promise<Blob | undefined> {
  const { BufferSource, CanvasSink, Input, MP4, MPEG_TS } = await import('mediabunny');
  const input = new Input({ source: new BufferSource(bytes), formats: [MPEG_TS, MP4] });
  const track = await input.getPrimaryVideoTrack();
  if (!track) return undefined;
  const sink = new CanvasSink(track, { width: WIDTH });
  const canvas = (await sink.getCanvas(await track.getFirstTimestamp()))?.canvas;
  if (!canvas) return undefined;
  if (canvas instanceof OffscreenCanvas)
    return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
  return new Promise((resolve) =>
    canvas.toBlob((blob) => resolve(blob ?? undefined), 'image/jpeg', 0.8),
  );
}

function join(init: ArrayBuffer | undefined, bytes: ArrayBuffer): ArrayBuffer {
  if (!init) return bytes;
  const both = new Uint8Array(init.byteLength + bytes.byteLength);
  both.set(new Uint8Array(init));
  both.set(new Uint8Array(bytes), init.byteLength);
  return both.buffer;
}
