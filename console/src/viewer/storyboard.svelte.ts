/** The pictures of a clip by time, for a seek bar: a WebVTT track whose cues name them. */

/** A picture and the time that it stands for, in seconds since the start of the clip. */
export interface StoryboardCue {
  readonly start: number;
  readonly end: number;
  /** The address of the picture. */
  readonly url: string;
}

/** Reads a track. Throws if it cannot be read. */
export type ReadTrack = (url: string) => Promise<string>;

const TIMES = /^\s*(?:(\d+):)?(\d\d):(\d\d\.\d{3})\s+-->\s+(?:(\d+):)?(\d\d):(\d\d\.\d{3})/;

/** The storyboard of one clip. It is read when it is first wanted: most viewers never seek. */
export class Storyboard {
  #cues = $state.raw<readonly StoryboardCue[]>([]);
  #isRead = false;

  constructor(
    private readonly url: string,
    private readonly read: ReadTrack,
  ) {}

  /** Reads the track, unless it has been read. After a failure, the next call reads it again. */
  async want(): Promise<void> {
    if (this.#isRead) return;
    this.#isRead = true;
    try {
      this.#cues = parseStoryboard(await this.read(this.url), this.url);
    } catch {
      this.#isRead = false;
    }
  }

  /** The picture of a time, in seconds since the start of the clip. */
  pictureAt(seconds: number): string | undefined {
    const cue = this.#cues.findLast(({ start }) => start <= seconds);
    // The last frame is shown at the end, which no cue contains.
    return cue && seconds <= cue.end ? cue.url : undefined;
  }
}

/** Reads a track with the cookies of a private library, if the clip is in one. */
export function trackReader(withCredentials: boolean): ReadTrack {
  return async (url) => {
    const reply = await fetch(url, { credentials: withCredentials ? 'include' : 'same-origin' });
    if (!reply.ok) throw new Error(`GET ${url} answered ${reply.status}`);
    return reply.text();
  };
}

/** The cues of a track. Addresses are relative to that of the track. */
export function parseStoryboard(text: string, url: string): StoryboardCue[] {
  return text.split(/\r?\n(?:\r?\n)+/).flatMap((block) => {
    const lines = block.split(/\r?\n/);
    const index = lines.findIndex((line) => TIMES.test(line));
    const times = TIMES.exec(lines[index] ?? '');
    const name = lines[index + 1]?.trim();
    if (!times || !name) return [];
    const [start, end] = [secondsOf(times.slice(1, 4)), secondsOf(times.slice(4, 7))];
    return [{ start, end, url: new URL(name, url).href }];
  });
}

function secondsOf([hours, minutes, seconds]: string[]): number {
  return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
}
