/** Machines: an app client with a secret for each program that calls the API without a person. */

import { Duration } from 'aws-cdk-lib';
import type { CfnUserPoolClient, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';

import type { Settings } from '../settings/settings.ts';
import type { Users } from './users.ts';

export interface MachinesProps {
  readonly settings: Settings;
  readonly users: Users;
}

export class Machines extends Construct {
  /** The app client of each machine, by its name in the settings. */
  readonly clients: ReadonlyMap<string, UserPoolClient>;

  constructor(scope: Construct, id: string, { settings, users }: MachinesProps) {
    super(scope, id);
    const clients = settings.machines.map(({ name, scopes }) => {
      const client = users.pool.addClient(`Machine-${name}`, {
        userPoolClientName: `${settings.name}-machine-${name}`,
        // Cognito makes the secret, and no template or output has it.
        generateSecret: true,
        oAuth: { flows: { clientCredentials: true }, scopes: users.findScopes(scopes) },
        accessTokenValidity: Duration.hours(1),
      });
      // Without a list, Cognito lets people sign in by this client. Nobody has a token to refresh.
      const resource = client.node.defaultChild as CfnUserPoolClient;
      resource.explicitAuthFlows = ['ALLOW_REFRESH_TOKEN_AUTH'];
      return [name, client] as const;
    });
    this.clients = new Map(clients);
  }

  /** The client ids for the outputs, as `name=id,name=id`. */
  get clientIds(): string {
    return [...this.clients]
      .map(([name, client]) => `${name}=${client.userPoolClientId}`)
      .join(',');
  }
}
