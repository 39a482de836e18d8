/** Users: a Cognito user pool with one group for each security scheme of the contract. */

import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  CfnUserPoolGroup,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  UserPoolOperation,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import { SettingsError } from '../settings/settings.ts';
import type { Contract } from './contract.ts';

export interface UsersProps extends Deployment {
  readonly contract: Contract;
}

export class Users extends Construct {
  readonly pool: UserPool;
  /** The scopes that people can have. A token gets those of its user's groups. */
  readonly scopes: readonly OAuthScope[];
  /** The names of these scopes, such as `matchcut/clips.write`. */
  readonly scopeNames: readonly string[];
  /** All scopes of the contract, by name. A machine has those of its setting. */
  private readonly allScopes: ReadonlyMap<string, OAuthScope>;

  constructor(scope: Construct, id: string, props: UsersProps) {
    super(scope, id);
    const { settings, contract } = props;
    this.pool = new UserPool(this, 'Pool', {
      userPoolName: settings.name,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      autoVerify: { email: true },
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
      },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      // The cheapest plan with customized access tokens. The next one bills each operator.
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: settings.keepData,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(this.pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason:
          'An operator can add a second factor. Scripts that create clips sign in with a password.',
      },
      {
        id: 'AwsSolutions-COG8',
        reason:
          'Threat protection needs the Plus plan. Self-service sign-up is disabled: an administrator creates each user.',
      },
    );

    this.addScopeToken(props);
    this.allScopes = this.addResourceServer(contract);
    this.scopeNames = [
      ...new Set([...contract.groups.values()].flatMap((scopes) => [...scopes.keys()])),
    ];
    this.scopes = this.findScopes(this.scopeNames);
  }

  /** Finds scopes of the contract by their names. */
  findScopes(names: readonly string[]): OAuthScope[] {
    return names.map((name) => {
      const scope = this.allScopes.get(name);
      if (scope !== undefined) return scope;
      const known = [...this.allScopes.keys()].join(', ');
      throw new SettingsError(
        `Setting machines has the scope ${name}, which the contract does not have. It has ${known}.`,
      );
    });
  }

  /** The issuer of the pool's tokens. */
  get issuer(): string {
    return `https://cognito-idp.${Stack.of(this).region}.amazonaws.com/${this.pool.userPoolId}`;
  }

  /**
   * Gives an access token the scopes of the user's groups and no others, and the user's name.
   *
   * Cognito itself gives any user every scope that the client may request, whatever the groups of
   * the user are.
   */
  private addScopeToken(props: UsersProps): void {
    const groups = [...props.contract.groups].map(([name, scopes]) => {
      new CfnUserPoolGroup(this, `Group-${name}`, {
        userPoolId: this.pool.userPoolId,
        groupName: name,
        description: [...scopes.values()].join(' '),
      });
      return [name, [...scopes.keys()]];
    });
    const scopeToken = new RustFunction(this, 'ScopeToken', {
      ...props,
      bin: 'scope-token',
      description: "Gives an access token the scopes of its user's groups",
      environment: { GROUP_SCOPES: JSON.stringify(Object.fromEntries(groups)) },
    });
    this.pool.addTrigger(
      UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      scopeToken.lambda,
      LambdaVersion.V2_0,
    );
  }

  /** Adds a resource server for the scopes `<server>/<scope>` of the contract. */
  private addResourceServer(contract: Contract): Map<string, OAuthScope> {
    const people = [...contract.groups.values()].flatMap((group) => [...group]);
    const scopes = new Map([...people, ...contract.machineScopes]);
    const identifiers = new Set([...scopes.keys()].map((scope) => scope.split('/')[0] ?? scope));
    const all = [...identifiers].flatMap((identifier) => {
      const entries = [...scopes].filter(([scope]) => scope.startsWith(`${identifier}/`));
      const defined = entries.map(([scope, scopeDescription]) => {
        return new ResourceServerScope({
          scopeName: scope.slice(identifier.length + 1),
          scopeDescription,
        });
      });
      const server = this.pool.addResourceServer(`Server-${identifier}`, {
        identifier,
        scopes: defined,
      });
      return defined.map((scope, at) => {
        const name = entries[at]?.[0] ?? '';
        return [name, OAuthScope.resourceServer(server, scope)] as const;
      });
    });
    return new Map(all);
  }
}
