/** Names the renditions of a clip for the quality menu. */

/** What a rendition says of itself. */
export interface Rendition {
  readonly width: number;
  readonly height: number;
  /** Frames a second; 0 if the manifest does not say. */
  readonly frameRate: number;
  /** Bits a second. */
  readonly bitrate: number;
}

/** An entry of the quality menu. */
export interface Quality {
  /** The place of the rendition in the list that was given. */
  readonly index: number;
  /** `720p`, `720p50`; with the bit rate if two renditions have the same name. */
  readonly label: string;
}

/** The entries of the menu, best first. */
export function nameQualities(renditions: readonly Rendition[]): Quality[] {
  const names = renditions.map(nameOf);
  return renditions
    .map((rendition, index) => ({ rendition, index, name: names[index] ?? '' }))
    .sort(({ rendition: a }, { rendition: b }) => linesOf(b) - linesOf(a) || b.bitrate - a.bitrate)
    .map(({ rendition, index, name }) => {
      const isShared = names.filter((it) => it === name).length > 1;
      return { index, label: isShared ? `${name} · ${megabits(rendition.bitrate)}` : name };
    });
}

/** Upright pictures are named by their shorter side too, as viewers know it. */
function linesOf({ width, height }: Rendition): number {
  return Math.min(width || height, height);
}

function nameOf(rendition: Rendition): string {
  const { frameRate, bitrate } = rendition;
  const lines = linesOf(rendition);
  if (!lines) return megabits(bitrate);
  return `${lines}p${frameRate > 30.5 ? Math.round(frameRate) : ''}`;
}

function megabits(bitrate: number): string {
  return `${(bitrate / 1e6).toFixed(1)} Mbit/s`;
}
