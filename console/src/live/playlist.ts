/** Reads HLS manifests as far as the timeline needs them: segments, their times and their URLs. */

import type { Segment } from './segment.ts';

/** A segment with the URL of its smallest rendition. */
export interface StoredSegment extends Segment {
  readonly url: string;
  /** Whether only the player can decrypt the segment. */
  readonly isEncrypted: boolean;
}

/** The rendition with the lowest bandwidth of a multivariant manifest. */
export function smallestRendition(text: string, base: string): string | undefined {
  const lines = text.split(/\r?\n/);
  let smallest: { bandwidth: number; url: string } | undefined;
  lines.forEach((line, index) => {
    const bandwidth = /^#EXT-X-STREAM-INF:(?:.*,)?BANDWIDTH=(\d+)/.exec(line)?.[1];
    const uri = lines.slice(index + 1).find((it) => it && !it.startsWith('#'));
    if (!bandwidth || !uri || Number(bandwidth) >= (smallest?.bandwidth ?? Infinity)) return;
    smallest = { bandwidth: Number(bandwidth), url: new URL(uri, base).href };
  });
  return smallest?.url;
}

/** The segments of a rendition's manifest. Those before the first PROGRAM-DATE-TIME are dropped. */
export function segmentsOf(text: string, base: string): StoredSegment[] {
  const segments: StoredSegment[] = [];
  let date: number | undefined;
  let duration = 0;
  let isEncrypted = false;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(line.slice(8)) * 1000;
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) date = Date.parse(line.slice(25));
    else if (line.startsWith('#EXT-X-KEY:')) isEncrypted = !/METHOD=NONE/.test(line);
    if (!line || line.startsWith('#') || date === undefined) continue;
    segments.push({ start: date, duration, url: new URL(line, base).href, isEncrypted });
    date += duration;
  }
  return segments;
}
