/** The settings of the deployment, read from `/config.json` when a page loads. */

/** Where operators log in: an OpenID Connect provider, Cognito on AWS. */
export interface LoginConfig {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  readonly logoutEndpoint: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** What `/config.json` says. */
export interface Config {
  readonly login: LoginConfig;
  /** Whether clips play only with the cookies of `grant-playback`. */
  readonly private: boolean;
  /** The origin of presigned upload URLs. */
  readonly uploads: string;
  readonly version: string;
}

/** Reads `/config.json`. */
export async function loadConfig(): Promise<Config> {
  const reply = await fetch('/config.json');
  if (!reply.ok) throw new Error(`GET /config.json answered ${reply.status}`);
  return (await reply.json()) as Config;
}
