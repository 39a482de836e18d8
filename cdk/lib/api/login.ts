/** Signing in: the app client of the pages, and Cognito's login page in the colors of the branding. */

import { Duration, SecretValue, Stack } from 'aws-cdk-lib';
import {
  CfnManagedLoginBranding,
  ManagedLoginVersion,
  OAuthScope,
  OidcAttributeRequestMethod,
  ProviderAttribute,
  type UserPoolClient,
  UserPoolClientIdentityProvider,
  type UserPoolClientOptions,
  UserPoolIdentityProviderOidc,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';

import type { Branding } from '../settings/branding.ts';
import type { Settings } from '../settings/settings.ts';
import type { Users } from './users.ts';

/** The pages to which the login page may redirect. */
const PAGES = ['/console', '/w'];

/** How long the previous refresh token stays valid, so that a client can repeat a request whose reply was lost. */
const REFRESH_GRACE = Duration.seconds(10);

export interface LoginProps {
  readonly settings: Settings;
  readonly users: Users;
  readonly branding: Branding;
  /** The base URL of the pages. */
  readonly siteUrl: string;
}

/** The origin of Cognito's login page. It is known before the user pool exists. */
export function buildLoginOrigin(scope: Construct, settings: Settings): string {
  const { region } = Stack.of(scope);
  return `https://${buildDomainPrefix(scope, settings)}.auth.${region}.amazoncognito.com`;
}

/** All accounts of a region share the prefixes of Cognito's domain. */
function buildDomainPrefix(scope: Construct, settings: Settings): string {
  return `${settings.name}-${Stack.of(scope).account}`;
}

export class Login extends Construct {
  /** The client for people, through the console or an app. It has no secret. */
  readonly app: UserPoolClient;
  readonly users: Users;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: LoginProps,
  ) {
    super(scope, id);
    const { settings, users, siteUrl, branding } = props;
    this.users = users;
    const urls = [...PAGES.map((page) => `${siteUrl}${page}`), ...settings.loginCallbacks];
    // The client and the domain are children of the pool: another parent would change their logical
    // ids, and CloudFormation would replace them.
    this.app = users.pool.addClient('App', {
      userPoolClientName: `${settings.name}-app`,
      generateSecret: false,
      // `adminUserPassword` is for administrators of the account, such as the deployment tests.
      authFlows: { userSrp: true, adminUserPassword: true },
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, ...users.scopes],
        callbackUrls: urls,
        logoutUrls: urls,
      },
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
      refreshTokenRotationGracePeriod: REFRESH_GRACE,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      ...this.addIdentityProvider(),
    });
    users.pool.addDomain('Login', {
      cognitoDomain: { domainPrefix: buildDomainPrefix(this, settings) },
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    // Cognito shows the pages of this version only to clients with a style.
    new CfnManagedLoginBranding(this, 'Style', {
      userPoolId: users.pool.userPoolId,
      clientId: this.app.userPoolClientId,
      settings: createStyle(branding),
    });
  }

  /**
   * Lets the users of another identity provider sign in. `scope-token` gives them the scope of viewers.
   * Returns the providers of the client, whose reference makes it wait for the provider.
   */
  private addIdentityProvider(): Pick<UserPoolClientOptions, 'supportedIdentityProviders'> {
    const { settings, users } = this.props;
    const { identityProvider: provider } = settings;
    if (provider === undefined) return {};
    const added = new UserPoolIdentityProviderOidc(this, 'Provider', {
      userPool: users.pool,
      name: provider.name,
      issuerUrl: provider.issuer,
      clientId: provider.clientId,
      // A dynamic reference: CloudFormation reads the secret, and the template does not have it.
      clientSecret: SecretValue.secretsManager(provider.clientSecretArn).unsafeUnwrap(),
      scopes: ['openid', 'email'],
      attributeRequestMethod: OidcAttributeRequestMethod.GET,
      attributeMapping: { email: ProviderAttribute.other('email') },
    });
    const { custom, COGNITO } = UserPoolClientIdentityProvider;
    return { supportedIdentityProviders: [COGNITO, custom(added.providerName)] };
  }

  /** The field `login` of config.json. */
  get config(): Record<string, unknown> {
    const origin = buildLoginOrigin(this, this.props.settings);
    return {
      issuer: this.users.issuer,
      authorizationEndpoint: `${origin}/oauth2/authorize`,
      tokenEndpoint: `${origin}/oauth2/token`,
      revocationEndpoint: `${origin}/oauth2/revoke`,
      logoutEndpoint: `${origin}/logout`,
      clientId: this.app.userPoolClientId,
      scopes: ['openid', ...this.users.scopeNames],
    };
  }
}

/** The style of the login page, as far as it differs from Cognito's: button and focus in the accent color. */
function createStyle({ accent }: Branding): Record<string, unknown> {
  const color = toColor(accent);
  const text = toColor(chooseTextColor(accent));
  const button = { backgroundColor: color, textColor: text };
  const buttons = { defaults: button, hover: button, active: button };
  const modes = <T>(value: T) => ({ lightMode: value, darkMode: value });
  return {
    componentClasses: { focusState: modes({ borderColor: color }) },
    components: { primaryButton: modes(buttons) },
  };
}

/** Cognito's form of a color: eight digits, with the opacity. */
function toColor(rgb: string): string {
  return `${rgb.slice(1).toLowerCase()}ff`;
}

/** Black or white, whichever has the higher contrast to a color (WCAG 2.2, relative luminance). */
export function chooseTextColor(rgb: string): '#000000' | '#ffffff' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(rgb.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}
