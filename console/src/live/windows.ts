/** The parts of the startover window that are loaded at once, chosen so that operators share caches. */

/** A part of the startover window, as the parameters of the live manifest. In ms since 1970. */
export interface ManifestWindow {
  readonly start: number;
  /** Absent: the manifest grows with the stream. */
  readonly end?: number;
}

/** What a channel still holds. */
export interface Holding {
  readonly oldest: number;
  readonly edge: number;
  readonly startoverMs: number;
}

/** Older parts are pages of this length, on whole hours. */
export const PAGE_MS = 3_600_000;
/** The near window reaches back this far at least. */
const NEAR_MS = 30 * 60_000;
/** The start of the near window is a multiple of this, so that all operators ask for one URL. */
const NEAR_GRID_MS = 10 * 60_000;
/** A near window that has become this long is replaced. */
const MAX_NEAR_MS = 90 * 60_000;
/** A window's start must be this far from leaving the startover window. */
const MARGIN_MS = 60_000;

/**
 * The near window: from about half an hour ago to the live edge. If the channel holds less than an
 * hour, it is half of that, because a manifest whose start has expired is not found.
 */
export function nearWindow({ oldest, edge, startoverMs }: Holding): ManifestWindow {
  const reach = Math.min(NEAR_MS, startoverMs / 2);
  const grid = Math.min(NEAR_GRID_MS, Math.max(10_000, floorTo(startoverMs / 6, 10_000)));
  // A second that the first segment contains: a start before the window is not found.
  const first = Math.ceil(oldest / 1000) * 1000;
  return { start: Math.max(first, floorTo(edge - reach, grid)) };
}

/** The first second that a page may start at. Older segments expire while the page is loaded. */
export function pageStart({ oldest, edge, startoverMs }: Holding): number {
  const margin = isSliding({ oldest, edge, startoverMs }) ? Math.min(30_000, startoverMs / 10) : 0;
  return Math.ceil((oldest + margin) / 1000) * 1000;
}

/** Whether the oldest segments leave the window, or will soon. */
function isSliding({ oldest, edge, startoverMs }: Holding): boolean {
  return edge - oldest >= startoverMs - MARGIN_MS;
}

/** Whether a near window must be replaced before its manifest is not found. */
export function isNearWindowOver(window: ManifestWindow, holding: Holding): boolean {
  const { oldest, edge, startoverMs } = holding;
  const margin = Math.min(MARGIN_MS, startoverMs / 10);
  const isLeaving = isSliding(holding) && window.start < oldest + margin;
  return edge - window.start > MAX_NEAR_MS || isLeaving;
}

/** The page of a date that lies before the near window. */
export function pageOf(date: number, holding: Holding): ManifestWindow {
  const first = pageStart(holding);
  const start = floorTo(Math.max(date, first), PAGE_MS);
  const last = Math.floor(holding.edge / 1000) * 1000;
  return { start: Math.max(start, first), end: Math.min(start + PAGE_MS, last) };
}

/** The URL of the manifest of a window. */
export function manifestUrl(manifest: string, window: ManifestWindow): string {
  const url = new URL(manifest, globalThis.location?.href);
  url.searchParams.set('start', String(window.start / 1000));
  if (window.end !== undefined) url.searchParams.set('end', String(window.end / 1000));
  return url.href;
}

function floorTo(value: number, grid: number): number {
  return Math.floor(value / grid) * grid;
}
