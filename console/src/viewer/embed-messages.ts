/**
 * The messages between an embedded player and the page around it. docs/app.md describes them for the
 * developers of such pages.
 */

/** What the page around the player can ask for. */
export type EmbedCommand =
  | { readonly matchcut: 'play' }
  | { readonly matchcut: 'pause' }
  | { readonly matchcut: 'seek'; readonly time: number };

/** What the player tells the page around it. Times are in seconds from the start of the clip. */
export interface EmbedReport {
  readonly matchcut: 'state';
  readonly state: 'ready' | 'playing' | 'paused' | 'ended';
  readonly time: number;
  /** Absent while it is unknown. */
  readonly duration?: number;
}

/** Reads a message. Nothing, if it is not a command: other scripts send messages too. */
export function parseCommand(data: unknown): EmbedCommand | undefined {
  if (typeof data !== 'object' || data === null || !('matchcut' in data)) return undefined;
  if (data.matchcut === 'play' || data.matchcut === 'pause') return { matchcut: data.matchcut };
  const time = 'time' in data ? data.time : undefined;
  if (data.matchcut === 'seek' && typeof time === 'number' && time >= 0 && time < 1e6)
    return { matchcut: 'seek', time };
  return undefined;
}

/** Obeys the page around this one. Returns what ends it. */
export function obeyParent(obey: (command: EmbedCommand) => void, page: Window = window): void {
  page.addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
    if (source !== page.parent || page.parent === page) return;
    const command = parseCommand(data);
    if (command) obey(command);
  });
}

/**
 * Tells the page around this one. Only a page that `frame-ancestors` allows can be there, and the
 * message says nothing that it could not see, so any origin may read it.
 */
export function report(message: EmbedReport, page: Window = window): void {
  if (page.parent !== page) page.parent.postMessage(message, '*');
}
