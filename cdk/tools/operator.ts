/** The first operator: someone has to be able to sign in to a new deployment. */

import { randomBytes } from 'node:crypto';

import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  ListUsersInGroupCommand,
} from '@aws-sdk/client-cognito-identity-provider';

import { orUndefined } from './aws.ts';

const GROUP = 'operator';

/** Where no address was given. Nothing is ever sent to it. */
const NOBODY = 'operator@matchcut.invalid';

export interface Operator {
  readonly email: string;
  /** Only of an operator that was just made: nobody is told it again. */
  readonly password?: string;
}

/** Someone who may cut clips; made if there is nobody. */
export async function ensureOperator(
  client: CognitoIdentityProviderClient,
  UserPoolId: string,
  email = NOBODY,
): Promise<Operator> {
  const { Users: users = [] } = await client.send(
    new ListUsersInGroupCommand({ UserPoolId, GroupName: GROUP, Limit: 1 }),
  );
  const [first] = users;
  if (first !== undefined) {
    const address = first.Attributes?.find((attribute) => attribute.Name === 'email')?.Value;
    return { email: address ?? first.Username ?? NOBODY };
  }
  const password = newPassword();
  const Username = email;
  // Someone may have been made, and the rest of this been cut off.
  await orUndefined(
    'UsernameExistsException',
    client.send(
      new AdminCreateUserCommand({
        UserPoolId,
        Username,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
        ],
      }),
    ),
  );
  await client.send(
    new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: password, Permanent: true }),
  );
  await client.send(new AdminAddUserToGroupCommand({ UserPoolId, Username, GroupName: GROUP }));
  return { email, password };
}

/** 144 random bits, with a letter of each kind that the pool asks for. */
export function newPassword(): string {
  return `${randomBytes(18).toString('base64url')}-aA1`;
}
