/** Paints the filmstrip and the waveform of the timeline on its canvas. */

import type { StoredSegment } from './playlist.ts';
import { endOf, type Stretch, segmentAt } from './segment.ts';
import { PICTURE_HEIGHT, PICTURE_WIDTH, type Strip, type Wanted } from './strip.ts';

/** A picture of the filmstrip. */
export interface Tile {
  /** The left edge, in pixels. */
  readonly x: number;
  readonly url: string;
  readonly after: number;
}

/** The size of the canvas, in CSS pixels. */
export interface StripSize {
  readonly width: number;
  readonly pictures: number;
  readonly waveform: number;
}

/** Spans longer than this have no waveform: it would need every segment. */
export const MAX_WAVEFORM_MS = 120_000;

/** How wide a picture of the filmstrip is. */
export function tileWidth(height: number): number {
  return Math.round((height * PICTURE_WIDTH) / PICTURE_HEIGHT);
}

/**
 * The pictures of a stretch, side by side. They stay where they are when the timeline is panned,
 * because they are counted from 1970.
 */
export function tilesOf(
  segments: readonly StoredSegment[],
  { start, end }: Stretch,
  size: StripSize,
  fps: number,
): Tile[] {
  const perTile = ((end - start) * tileWidth(size.pictures)) / Math.max(1, size.width);
  const tiles: Tile[] = [];
  for (let date = Math.floor(start / perTile) * perTile; date < end; date += perTile) {
    const segment = segmentAt(segments, date);
    if (
      !segment ||
      segment.isEncrypted ||
      date + perTile <= segment.start ||
      date >= endOf(segment)
    ) {
      continue;
    }
    const isInside = perTile < segment.duration && date > segment.start;
    const frame = isInside ? Math.floor(((date - segment.start) * fps) / 1000 + 0.001) : 0;
    const x = ((date - start) / (end - start)) * size.width;
    tiles.push({ x, url: segment.url, after: frame / fps });
  }
  return tiles;
}

/** What has to be read for the tiles and the waveform: what is seen first comes first. */
export function wantedOf(
  tiles: readonly Tile[],
  segments: readonly StoredSegment[],
  stretch: Stretch,
): Wanted[] {
  const pictures = tiles.map(({ url, after }) => ({ kind: 'picture' as const, url, after }));
  if (stretch.end - stretch.start > MAX_WAVEFORM_MS) return pictures;
  const levels = segments
    .filter((it) => !it.isEncrypted && endOf(it) > stretch.start)
    .map(({ url }) => ({ kind: 'levels' as const, url, after: 0 }));
  return [...pictures, ...levels];
}

/** Paints what has been read. */
export function paint(
  canvas: HTMLCanvasElement,
  strip: Strip,
  tiles: readonly Tile[],
  segments: readonly StoredSegment[],
  stretch: Stretch,
  size: StripSize,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const scale = globalThis.devicePixelRatio || 1;
  const [width, height] = [size.width * scale, (size.pictures + size.waveform) * scale];
  if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
  if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, size.width, size.pictures + size.waveform);
  const tile = tileWidth(size.pictures);
  const last = segments.at(-1);
  const edge = last
    ? ((endOf(last) - stretch.start) / (stretch.end - stretch.start)) * size.width
    : 0;
  context.save();
  context.beginPath();
  context.rect(0, 0, edge, size.pictures);
  context.clip();
  for (const { x, url, after } of tiles) {
    const picture = strip.picture(url, after);
    if (picture) context.drawImage(picture, x, 0, tile, size.pictures);
  }
  context.restore();
  if (stretch.end - stretch.start > MAX_WAVEFORM_MS) return;
  context.fillStyle = getComputedStyle(canvas).color;
  for (const segment of segments) paintLevels(context, strip, segment, stretch, size);
}

function paintLevels(
  context: CanvasRenderingContext2D,
  strip: Strip,
  segment: StoredSegment,
  { start, end }: Stretch,
  size: StripSize,
): void {
  const levels = strip.levels(segment.url);
  if (!levels) return;
  const pixels = size.width / (end - start);
  const left = (segment.start - start) * pixels;
  const step = (segment.duration * pixels) / levels.length;
  const middle = size.pictures + size.waveform / 2;
  levels.forEach((level, index) => {
    // Quiet sound would be invisible on a linear scale.
    const half = Math.max(0.5, (Math.sqrt(level) * (size.waveform - 2)) / 2);
    context.fillRect(left + index * step, middle - half, Math.max(0.6, step - 0.2), 2 * half);
  });
}
