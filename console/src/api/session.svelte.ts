/** The operator's session: who is logged in, with tokens that are renewed before they end. */

import type { Authorizer } from './client.ts';
import { isRefused, type LoginProvider, type PendingLogin, type Tokens } from './login.ts';

/** Where the verifier waits while the browser is at the provider. */
const PENDING_KEY = 'matchcut.login';
/** The popup sends the provider's answer to the console through this channel. */
const CHANNEL = 'matchcut.login';
/** Tokens are renewed this long before they end, or after half of a shorter life. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** The wait after the provider could not be reached. */
const RETRY_MS = 5_000;

/**
 * `out`: nobody is logged in. `in`: requests are authorized. `expired`: the session ended while the
 * operator worked; the page stays as it is, and a login in a popup continues it.
 */
export type SessionState = 'out' | 'in' | 'expired';

export class Session implements Authorizer {
  state = $state<SessionState>('out');
  username = $state('');
  /** Why the last login failed, as the provider said. */
  failure = $state<string>();

  #tokens: Tokens | undefined;
  #renewal: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly provider: LoginProvider,
    private readonly page: Window = window,
  ) {}

  /**
   * Finishes a login that the address of the page is the answer of. If the operator has reloaded the
   * page, logs in again: the provider answers without a question while its own session lives.
   */
  async resume(): Promise<void> {
    const { location, history, sessionStorage } = this.page;
    const answer = new URLSearchParams(location.search);
    if (!answer.has('state') || !(answer.has('code') || answer.has('error'))) {
      if (isReload(this.page)) await this.login();
      return;
    }
    const pending = readPending(sessionStorage);
    sessionStorage.removeItem(PENDING_KEY);
    history.replaceState(null, '', location.pathname + (pending?.hash ?? ''));
    if (!pending) return;
    try {
      this.#accept(await this.provider.finish(answer, pending));
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** Leaves the page for the provider. `login` as a prompt lets the operator choose another name. */
  async login(prompt?: 'login'): Promise<void> {
    const { location, sessionStorage } = this.page;
    const { url, pending } = await this.provider.begin(location.hash, prompt);
    sessionStorage.setItem(PENDING_KEY, JSON.stringify(pending));
    location.assign(url);
  }

  /** Logs in again in a popup, so that the page keeps its picture and its marks. */
  async loginInPopup(): Promise<void> {
    // The popup is opened before the first `await`, while the browser still sees the click.
    const popup = this.page.open('about:blank', 'matchcut-login', 'popup,width=480,height=640');
    const { url, pending } = await this.provider.begin('');
    if (!popup) return;
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = async ({ data }: MessageEvent<string>) => {
      const answer = new URLSearchParams(data);
      if (answer.get('state') !== pending.state) return;
      channel.close();
      try {
        this.#accept(await this.provider.finish(answer, pending));
      } catch (error) {
        this.failure = messageOf(error);
      }
    };
    popup.location.assign(url);
  }

  /** Ends the session here and at the provider. */
  async logout(): Promise<void> {
    const refresh = this.#tokens?.refresh;
    this.#forget('out');
    if (refresh) await this.provider.revoke(refresh).catch(() => undefined);
    this.page.location.assign(this.provider.logoutUrl());
  }

  async token(): Promise<string | undefined> {
    if (this.#tokens && this.#tokens.expiresAt <= Date.now()) await this.#renew();
    return this.#tokens?.access;
  }

  async replace(token: string): Promise<string | undefined> {
    if (this.#tokens?.access === token) await this.#renew();
    return this.#tokens?.access === token ? undefined : this.#tokens?.access;
  }

  #accept(tokens: Tokens): void {
    this.#tokens = tokens;
    this.username = tokens.username;
    this.failure = undefined;
    this.state = 'in';
    const life = tokens.expiresAt - Date.now();
    this.#renewIn(Math.max(life - RENEW_BEFORE_MS, life / 2));
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(), ms);
  }

  #renew(): Promise<void> {
    this.#renewal ??= this.#requestTokens().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #requestTokens(): Promise<void> {
    const refresh = this.#tokens?.refresh;
    if (!refresh) return this.#forget('expired');
    try {
      this.#accept(await this.provider.refresh(refresh));
    } catch (error) {
      if (isRefused(error)) this.#forget('expired');
      else this.#renewIn(RETRY_MS);
    }
  }

  #forget(state: SessionState): void {
    clearTimeout(this.#timer);
    this.#tokens = undefined;
    this.state = state;
  }
}

/**
 * Whether this page is the popup of a login. If it is, its answer is sent to the console, and the
 * popup closes.
 */
export function answerAsPopup(page: Window = window): boolean {
  const answer = new URLSearchParams(page.location.search);
  const state = answer.get('state');
  if (!state || readPending(page.sessionStorage)?.state === state) return false;
  page.history.replaceState(null, '', page.location.pathname);
  new BroadcastChannel(CHANNEL).postMessage(answer.toString());
  page.close();
  return true;
}

function readPending(storage: Storage): PendingLogin | undefined {
  const text = storage.getItem(PENDING_KEY);
  return text ? (JSON.parse(text) as PendingLogin) : undefined;
}

function isReload(page: Window): boolean {
  const [navigation] = page.performance.getEntriesByType('navigation');
  return (navigation as PerformanceNavigationTiming | undefined)?.type === 'reload';
}

function messageOf(error: unknown): string {
  if (error instanceof Error && 'error_description' in error && error.error_description) {
    return String(error.error_description);
  }
  return error instanceof Error ? error.message : String(error);
}
