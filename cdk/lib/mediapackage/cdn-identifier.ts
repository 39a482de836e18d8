/**
 * CDN authorization of a MediaPackage origin: it answers only requests with the header
 * `X-MediaPackage-CDNIdentifier` and the right value.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html
 */

import { type SecretValue, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { allow } from '../permission/permission.ts';

/** The header with the identifier. */
export const CDN_HEADER = 'X-MediaPackage-CDNIdentifier';
const FIELD = 'MediaPackageCDNIdentifier';

export class CdnIdentifier extends Construct {
  readonly secret: Secret;
  /** The property `authorization` of MediaPackage's resources. */
  readonly authorization: { readonly cdnIdentifierSecret: string; readonly secretsRoleArn: string };

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: `The value that MediaPackage expects in ${CDN_HEADER}`,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: FIELD,
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'MediaPackage needs 10 minutes to accept a new value, and the configuration of the distribution contains the value. docs/deploy.md has the steps of a rotation.',
    });
    const role = new Role(this, 'Role', {
      description: `Lets MediaPackage read the ${CDN_HEADER} that it expects`,
      assumedBy: new ServicePrincipal('mediapackage.amazonaws.com'),
    });
    allow(role, {
      actions: [
        'secretsmanager:GetSecretValue',
        'secretsmanager:DescribeSecret',
        'secretsmanager:ListSecretVersionIds',
      ],
      resources: [this.secret.secretArn],
    });
    this.authorization = {
      cdnIdentifierSecret: this.secret.secretArn,
      secretsRoleArn: role.roleArn,
    };
  }
}

/** Reads the identifier from its secret, for callers that send it. */
export function readIdentifier(secret: Secret): SecretValue {
  return secret.secretValueFromJson(FIELD);
}
