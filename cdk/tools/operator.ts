/** Creates the first operator of a deployment. */

import { randomBytes } from 'node:crypto';

import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  ListUsersInGroupCommand,
} from '@aws-sdk/client-cognito-identity-provider';

import { ignoreError } from './aws.ts';

const GROUP = 'operator';

/** The default address. No e-mail is ever sent to it. */
const DEFAULT_EMAIL = 'operator@matchcut.invalid';

export interface Operator {
  readonly email: string;
  /** Only for a new operator. It cannot be read again. */
  readonly password?: string;
}

/** Returns an operator, and creates one if there is none. */
export async function ensureOperator(
  client: CognitoIdentityProviderClient,
  UserPoolId: string,
  email = DEFAULT_EMAIL,
): Promise<Operator> {
  const { Users: users = [] } = await client.send(
    new ListUsersInGroupCommand({ UserPoolId, GroupName: GROUP, Limit: 1 }),
  );
  const [first] = users;
  if (first !== undefined) {
    const address = first.Attributes?.find((attribute) => attribute.Name === 'email')?.Value;
    return { email: address ?? first.Username ?? DEFAULT_EMAIL };
  }
  const password = createPassword();
  const Username = email;
  // An interrupted run may have created the user without the password and the group.
  await ignoreError(
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

/** 144 random bits, and the kinds of characters that the user pool requires. */
export function createPassword(): string {
  return `${randomBytes(18).toString('base64url')}-aA1`;
}
