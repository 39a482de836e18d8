/** The OpenID Connect requests of a login: authorization code with PKCE, refresh, revoke, log out. */

import * as oauth from 'oauth4webapi';
import type { LoginConfig } from './config.ts';

/** Tokens of an operator. They are kept in memory only. */
export interface Tokens {
  readonly access: string;
  readonly refresh?: string;
  /** When the access token ends, in ms since 1970. */
  readonly expiresAt: number;
  /** The operator's name, from the access token. */
  readonly username: string;
}

/** What is needed to finish a login that was begun. */
export interface PendingLogin {
  readonly verifier: string;
  readonly state: string;
  /** The hash of the page, to which the operator returns. */
  readonly hash: string;
}

/** The provider that operators log in at. */
export class LoginProvider {
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #options: { [oauth.allowInsecureRequests]: boolean };

  constructor(
    private readonly config: LoginConfig,
    /** Where the provider sends the browser back to. It is registered exactly like this. */
    private readonly redirectUri: string,
  ) {
    this.#server = {
      issuer: config.issuer,
      authorization_endpoint: config.authorizationEndpoint,
      token_endpoint: config.tokenEndpoint,
      revocation_endpoint: config.revocationEndpoint,
    };
    this.#client = { client_id: config.clientId };
    // The stand-in serves HTTP on the loopback interface.
    this.#options = {
      [oauth.allowInsecureRequests]: config.tokenEndpoint.startsWith('http://'),
    };
  }

  /** The address to log in at, and what finishes the login. */
  async begin(hash: string, prompt?: 'login'): Promise<{ url: string; pending: PendingLogin }> {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(this.config.authorizationEndpoint);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: this.config.clientId,
      redirect_uri: this.redirectUri,
      scope: this.config.scopes.join(' '),
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(prompt && { prompt }),
    }).toString();
    return { url: url.href, pending: { verifier, state, hash } };
  }

  /** Exchanges the code of the provider's answer for tokens. */
  async finish(answer: URLSearchParams, pending: PendingLogin, now = Date.now()): Promise<Tokens> {
    const valid = oauth.validateAuthResponse(this.#server, this.#client, answer, pending.state);
    const reply = await oauth.authorizationCodeGrantRequest(
      this.#server,
      this.#client,
      oauth.None(),
      valid,
      this.redirectUri,
      pending.verifier,
      this.#options,
    );
    return asTokens(
      await oauth.processAuthorizationCodeResponse(this.#server, this.#client, reply),
      now,
    );
  }

  /** Gets new tokens. A provider that does not rotate refresh tokens returns none: the old stays. */
  async refresh(refresh: string, now = Date.now()): Promise<Tokens> {
    const reply = await oauth.refreshTokenGrantRequest(
      this.#server,
      this.#client,
      oauth.None(),
      refresh,
      this.#options,
    );
    const tokens = await oauth.processRefreshTokenResponse(this.#server, this.#client, reply);
    return { refresh, ...asTokens(tokens, now) };
  }

  /** Makes a refresh token useless. */
  async revoke(refresh: string): Promise<void> {
    const reply = await oauth.revocationRequest(
      this.#server,
      this.#client,
      oauth.None(),
      refresh,
      this.#options,
    );
    await oauth.processRevocationResponse(reply);
  }

  /** The address that ends the provider's own session and comes back to the console. */
  logoutUrl(): string {
    const url = new URL(this.config.logoutEndpoint);
    url.search = new URLSearchParams({
      client_id: this.config.clientId,
      logout_uri: this.redirectUri,
    }).toString();
    return url.href;
  }
}

/** Whether the provider refused, so that repeating the request cannot succeed. */
export function isRefused(error: unknown): boolean {
  return (
    error instanceof oauth.ResponseBodyError ||
    error instanceof oauth.AuthorizationResponseError ||
    error instanceof oauth.OperationProcessingError
  );
}

function asTokens(reply: oauth.TokenEndpointResponse, now: number): Tokens {
  return {
    access: reply.access_token,
    ...(reply.refresh_token && { refresh: reply.refresh_token }),
    expiresAt: now + (reply.expires_in ?? 3600) * 1000,
    username: usernameOf(reply.access_token),
  };
}

/** The name in an access token. The token is only read for display; the API checks it. */
export function usernameOf(token: string): string {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (it) => it.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    // Cognito's username is an id if people sign in by e-mail; then the token has their name too.
    return String(claims['name'] ?? claims['username'] ?? claims['sub'] ?? '');
  } catch {
    return '';
  }
}
