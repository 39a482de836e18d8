/** Reads as much of HLS playlists as is needed to find one segment. */

/** The address of the rendition with the lowest bit rate. */
export function lowestRendition(multivariant: string, base: string): string | undefined {
  const renditions = [...multivariant.matchAll(/^#EXT-X-STREAM-INF:(.*)\r?\n(?!#)(\S+)/gm)].map(
    ([, attributes = '', uri = '']) => ({
      bandwidth: Number(/(?:^|,)BANDWIDTH=(\d+)/.exec(attributes)?.[1] ?? Number.NaN),
      url: new URL(uri, base).href,
    }),
  );
  return renditions.sort((a, b) => a.bandwidth - b.bandwidth)[0]?.url;
}

/** A segment, and its initialization section if it has one. */
export interface Segment {
  readonly url: string;
  readonly init?: string;
}

/**
 * The segment of a media playlist that is shown at a moment, in seconds from the start. Nothing, if
 * segments are encrypted or are byte ranges.
 */
export function segmentAt(playlist: string, base: string, moment: number): Segment | undefined {
  if (/^#EXT-X-(KEY:METHOD=(?!NONE)|BYTERANGE)/m.test(playlist)) return undefined;
  let [at, duration] = [0, 0];
  let found: Segment | undefined;
  let init: string | undefined;
  for (const line of playlist.split(/\r?\n/)) {
    const map = /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1];
    if (map) init = new URL(map, base).href;
    else if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(line.slice(8));
    else if (line && !line.startsWith('#')) {
      if (found && at > moment) break;
      found = { url: new URL(line, base).href, ...(init && { init }) };
      at += duration;
    }
  }
  return found;
}
