/**
 * The lock of a MediaPackage origin: it answers only to who sends `X-MediaPackage-CDNIdentifier`.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html
 */

import { type SecretValue, Validations } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { actingFor, allow } from '../permission/permission.ts';

/** The header that has to carry the identifier. */
export const CDN_HEADER = 'X-MediaPackage-CDNIdentifier';
const FIELD = 'MediaPackageCDNIdentifier';

export class CdnIdentifier extends Construct {
  readonly secret: Secret;
  /** What MediaPackage is told. */
  readonly authorization: { readonly cdnIdentifierSecret: string; readonly secretsRoleArn: string };

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: `What MediaPackage expects in ${CDN_HEADER}`,
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
        'MediaPackage takes ten minutes to learn of a new value, and the distribution has it in its configuration: docs/deploy.md says how to rotate it.',
    });
    const role = new Role(this, 'Role', {
      description: `What MediaPackage may do to know the ${CDN_HEADER} it expects`,
      assumedBy: actingFor(this, 'mediapackage.amazonaws.com'),
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

/** The identifier in a secret, for whoever has to send it. */
export function identifierOf(secret: Secret): SecretValue {
  return secret.secretValueFromJson(FIELD);
}
