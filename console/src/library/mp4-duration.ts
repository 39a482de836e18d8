/** Limits how long an MP4 file plays, by its edit lists. */

/** Bytes to write over those of a file. */
export interface Patch {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Boxes that only contain boxes. */
const CONTAINERS = new Set(['moov', 'trak', 'edts']);

/**
 * The patches that make a file end after a duration in seconds.
 *
 * Frames that are decoded before the last frame may be shown after it. Without an edit list that
 * ends in time, players would show them.
 *
 * `moov` is the box with the description of the file, and `position` where it lies in the file.
 */
export function limitDuration(moov: Uint8Array, position: number, seconds: number): Patch[] {
  const view = new DataView(moov.buffer, moov.byteOffset, moov.byteLength);
  const patches: Patch[] = [];
  let timescale = 0;

  function lower(at: number, isLong: boolean): void {
    const limit = BigInt(Math.round(seconds * timescale));
    const found = isLong ? view.getBigUint64(at) : BigInt(view.getUint32(at));
    if (found <= limit) return;
    const bytes = new Uint8Array(isLong ? 8 : 4);
    const field = new DataView(bytes.buffer);
    if (isLong) field.setBigUint64(0, limit);
    else field.setUint32(0, Number(limit));
    patches.push({ position: position + at, bytes });
  }

  function visit(begin: number, end: number): void {
    for (let at = begin; at + 8 <= end; ) {
      const size = view.getUint32(at);
      const name = String.fromCharCode(...moov.subarray(at + 4, at + 8));
      if (size < 8) return;
      // The version of a box says whether its times have 32 or 64 bits.
      const isLong = moov[at + 8] === 1;
      const body = at + 12;
      if (CONTAINERS.has(name)) visit(at + 8, at + size);
      else if (name === 'mvhd') {
        timescale = view.getUint32(body + (isLong ? 16 : 8));
        lower(body + (isLong ? 20 : 12), isLong);
      } else if (name === 'tkhd') lower(body + (isLong ? 24 : 16), isLong);
      else if (name === 'elst') {
        const last = view.getUint32(body) - 1;
        lower(body + 4 + last * (isLong ? 20 : 12), isLong);
      }
      at += size;
    }
  }

  visit(0, moov.byteLength);
  return patches;
}
