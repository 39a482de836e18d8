/** The login of a viewer of a private library. The console's client, with the scope of a viewer. */

import type { Config } from '../api/config.ts';
import { isRefused, LoginProvider, type PendingLogin, type Tokens } from '../api/login.ts';

/** Where the login waits while the browser is at the provider. */
const PENDING_KEY = 'matchcut.viewer-login';
/** The page that the provider sends viewers back to. It is registered exactly like this. */
const RETURN_PATH = '/w';
const SCOPES = ['openid', 'matchcut/clips.read'];
/** A token that ends so soon is renewed first. */
const SPARE_MS = 30_000;

interface Pending {
  readonly login: PendingLogin;
  /** The page to come back to. */
  readonly path: string;
}

/** Who has signed in on this page. Tokens are kept in memory only. */
export class ViewerLogin {
  /** Why the login failed, as the provider said. */
  failure: string | undefined;
  readonly #provider: LoginProvider;
  #tokens: Tokens | undefined;

  constructor(
    { login }: Pick<Config, 'login'>,
    private readonly page: Window = window,
  ) {
    const redirect = `${page.location.origin}${RETURN_PATH}`;
    this.#provider = new LoginProvider({ ...login, scopes: SCOPES }, redirect);
  }

  /**
   * Finishes a login if this page is the answer of the provider, and brings the address of the
   * viewer's page back.
   */
  async resume(): Promise<void> {
    const { location, history, sessionStorage } = this.page;
    const answer = new URLSearchParams(location.search);
    const pending = readPending(sessionStorage);
    if (!pending || location.pathname !== RETURN_PATH || !answer.has('state')) return;
    sessionStorage.removeItem(PENDING_KEY);
    history.replaceState(null, '', pending.path);
    try {
      this.#tokens = await this.#provider.finish(answer, pending.login);
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Leaves the page for the provider. */
  async begin(path: string): Promise<void> {
    const { url, pending } = await this.#provider.begin('');
    this.page.sessionStorage.setItem(
      PENDING_KEY,
      JSON.stringify({ login: pending, path } satisfies Pending),
    );
    this.page.location.assign(url);
  }

  /** A valid access token; nothing if nobody has signed in, or if the session has ended. */
  async token(): Promise<string | undefined> {
    const tokens = this.#tokens;
    if (tokens && tokens.expiresAt < Date.now() + SPARE_MS) {
      try {
        this.#tokens = tokens.refresh ? await this.#provider.refresh(tokens.refresh) : undefined;
      } catch (error) {
        if (!isRefused(error)) throw error;
        this.#tokens = undefined;
      }
    }
    return this.#tokens?.access;
  }
}

function readPending(storage: Storage): Pending | undefined {
  const text = storage.getItem(PENDING_KEY);
  return text ? (JSON.parse(text) as Pending) : undefined;
}
