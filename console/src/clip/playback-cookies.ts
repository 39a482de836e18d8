/** The cookies that play the clips of a private library. The browser keeps and sends them itself. */

import { type Api, answer } from '../api/client.ts';

/** Cookies are asked for again this long before they end, in ms. */
const RENEW_BEFORE_MS = 5 * 60_000;

export class PlaybackCookies {
  /** The requests for the cookies of each competition. */
  readonly #granted = new Map<string, Promise<{ endsAt: number }>>();

  constructor(
    private readonly api: Api,
    private readonly isPrivate: boolean,
    private readonly now: () => number = Date.now,
  ) {}

  /** Waits until the media of a competition can be played. Throws `RequestFailed`. */
  async ensure(competition: string): Promise<void> {
    if (!this.isPrivate) return;
    const known = this.#granted.get(competition) ?? this.#grant(competition);
    const { endsAt } = await known;
    if (endsAt - RENEW_BEFORE_MS < this.now()) await this.#grant(competition);
  }

  /** Forgets cookies that were refused. */
  forget(competition: string): void {
    this.#granted.delete(competition);
  }

  #grant(competition: string): Promise<{ endsAt: number }> {
    const grant = this.#request(competition);
    this.#granted.set(competition, grant);
    grant.catch(() => this.#granted.delete(competition));
    return grant;
  }

  async #request(competition: string): Promise<{ endsAt: number }> {
    const { data } = await answer(
      this.api.POST('/api/competitions/{competitionId}/playback', {
        params: { path: { competitionId: competition } },
        credentials: 'include',
      }),
    );
    return { endsAt: Date.parse(data.expiresAt) };
  }
}
