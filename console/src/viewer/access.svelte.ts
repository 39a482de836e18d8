/** Who may play the clips of a competition: everybody, or viewers who have signed in. */

import type { Config } from '../api/config.ts';
import type { ViewerLogin } from './viewer-login.ts';

/**
 * `open`: the media plays. `checking`: not known yet. `signIn`: the library is private, and there are
 * no valid cookies. `refused`: the viewer has signed in and may not play clips.
 */
export type AccessStage = 'open' | 'checking' | 'signIn' | 'refused';

/** Cookies are renewed this long before they end, or after half of a shorter life. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** The wait after a renewal that had no reply. */
const RETRY_MS = 10_000;
/** The longest delay of a timer in browsers. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The access to one competition. In a public library it is open from the start. */
export class Access {
  stage = $state<AccessStage>('open');
  /** Why the last login failed. */
  failure = $state<string>();
  readonly isPrivate: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly competition: string,
    config: Pick<Config, 'private'>,
    /** Absent in a public library. */
    private readonly login?: ViewerLogin,
    private readonly fetcher: typeof fetch = (...request) => fetch(...request),
  ) {
    this.isPrivate = config.private;
    if (this.isPrivate) this.stage = 'checking';
    this.failure = login?.failure;
  }

  /**
   * Finds out whether a clip plays, and gets cookies if the viewer has signed in. Without a login on
   * this page, cookies of an earlier page may still be valid: the manifest shows whether they are.
   */
  async open(manifest: string): Promise<void> {
    if (!this.isPrivate || this.stage === 'open') return;
    if (await this.#grant()) return;
    if (this.stage !== 'checking') return;
    const reply = await this.fetcher(manifest, { credentials: 'include' });
    this.stage = reply.ok ? 'open' : 'signIn';
  }

  /** The media was refused: the cookies have ended, or never were. */
  async reopen(): Promise<void> {
    if (!this.isPrivate) return;
    this.stage = 'checking';
    if (!(await this.#grant()) && this.stage === 'checking') this.stage = 'signIn';
  }

  /** Leaves the page to sign in. The viewer comes back to `path`. */
  async signIn(path: string): Promise<void> {
    await this.login?.begin(path);
  }

  destroy(): void {
    clearTimeout(this.#timer);
  }

  /** Gets cookies with the token of the viewer. Returns false if there is no token. */
  async #grant(): Promise<boolean> {
    const token = await this.login?.token();
    if (!token) return false;
    const path = `/api/competitions/${this.competition}/playback`;
    const headers = { authorization: `Bearer ${token}` };
    const reply = await this.fetcher(path, { method: 'POST', credentials: 'include', headers });
    if (reply.status === 401) return false;
    if (reply.status === 403) {
      this.stage = 'refused';
      return true;
    }
    if (!reply.ok) throw new Error(`POST ${path} answered ${reply.status}`);
    const { expiresAt } = (await reply.json()) as { expiresAt: string };
    this.#renewBefore(Date.parse(expiresAt));
    this.stage = 'open';
    return true;
  }

  #renewBefore(end: number): void {
    const life = end - Date.now();
    this.#renewIn(Math.min(MAX_DELAY_MS, Math.max(life - RENEW_BEFORE_MS, life / 2)));
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#grant().catch(() => this.#renewIn(RETRY_MS));
    }, ms);
  }
}
