/** Reads HLS manifests as far as a download needs them: renditions, segments and their times. */

/** A rendition of a multivariant manifest. */
export interface Rendition {
  readonly url: string;
  /** Bits per second, at most. */
  readonly bandwidth: number;
  /** In pixels; absent if the manifest does not say it. */
  readonly height?: number | undefined;
  /** The playlist of the sound, if it is not in the same segments. */
  readonly audioUrl?: string | undefined;
}

/** A segment of a rendition. */
export interface Segment {
  /** Seconds from the start of the first segment, as players count: without times off air. */
  readonly at: number;
  /** In seconds. */
  readonly duration: number;
  /** The time of its first frame (PROGRAM-DATE-TIME) in ms since 1970, if the manifest has times. */
  readonly date?: number | undefined;
}

/** The manifest of a rendition. */
export interface MediaPlaylist {
  readonly segments: readonly Segment[];
  /** Whether the list is complete. It is not while a window is still on air. */
  readonly isComplete: boolean;
  /** Whether only a player with a license can read the segments. */
  readonly isProtected: boolean;
}

/** The renditions of a multivariant manifest, the best first. */
export function parseRenditions(text: string, base: string): Rendition[] {
  const audioUrls = new Map<string, string>();
  for (const [, attributes = ''] of text.matchAll(/^#EXT-X-MEDIA:(.*)$/gm)) {
    const uri = attribute(attributes, 'URI');
    if (attribute(attributes, 'TYPE') !== 'AUDIO' || !uri) continue;
    const group = attribute(attributes, 'GROUP-ID') ?? '';
    if (!audioUrls.has(group) || attribute(attributes, 'DEFAULT') === 'YES')
      audioUrls.set(group, new URL(uri, base).href);
  }
  const renditions = [...text.matchAll(/^#EXT-X-STREAM-INF:(.*)\r?\n(?!#)(\S+)/gm)].map(
    ([, attributes = '', uri = '']): Rendition => ({
      url: new URL(uri, base).href,
      bandwidth: Number(attribute(attributes, 'BANDWIDTH')) || 0,
      height: Number(attribute(attributes, 'RESOLUTION')?.split('x')[1]) || undefined,
      audioUrl: audioUrls.get(attribute(attributes, 'AUDIO') ?? ''),
    }),
  );
  return renditions.sort(
    (one, other) => (other.height ?? 0) - (one.height ?? 0) || other.bandwidth - one.bandwidth,
  );
}

/** The best of sorted renditions that is not higher than a number of pixels; else the smallest. */
export function chooseRendition(
  renditions: readonly Rendition[],
  maxHeight = Number.POSITIVE_INFINITY,
): Rendition | undefined {
  return renditions.find(({ height = 0 }) => height <= maxHeight) ?? renditions.at(-1);
}

/** The segments of a rendition. */
export function parsePlaylist(text: string): MediaPlaylist {
  const segments: Segment[] = [];
  let [at, duration] = [0, 0];
  let date: number | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(line.slice(8));
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) date = Date.parse(line.slice(25));
    if (!line || line.startsWith('#')) continue;
    segments.push({ at, duration, date });
    at += duration;
    if (date !== undefined) date += duration * 1000;
  }
  return {
    segments,
    isComplete: /^#EXT-X-ENDLIST/m.test(text),
    // AES-128 with a key that everyone can request is no protection, and is decrypted.
    isProtected: /^#EXT-X-(SESSION-)?KEY:.*METHOD=SAMPLE-AES/m.test(text),
  };
}

/** The value of an attribute, without quotes. */
function attribute(attributes: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|,)${name}=(?:"([^"]*)"|([^,]*))`).exec(attributes);
  return found?.[1] ?? found?.[2];
}
