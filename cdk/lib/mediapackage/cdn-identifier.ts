/**
 * CDN authorization of a MediaPackage origin: it answers only requests with the header
 * `X-MediaPackage-CDNIdentifier` and the right value.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html
 *
 * MediaPackage accepts the current value of the secret and the one before, and notices a new value within
 * 10 minutes. So a rotation needs two rounds. In an even round, the secret gets a new value, and callers
 * send the one before. In the next round, they send the new one.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth-rotate.html
 */

import { SecretValue, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { allow } from '../permission/permission.ts';

/** The header with the identifier. */
export const CDN_HEADER = 'X-MediaPackage-CDNIdentifier';
const FIELD = 'MediaPackageCDNIdentifier';

export class CdnIdentifier extends Construct {
  /** What callers send. */
  readonly sent: SecretValue;
  /** The property `authorization` of MediaPackage's resources. */
  readonly authorization: { readonly cdnIdentifierSecret: string; readonly secretsRoleArn: string };

  constructor(scope: Construct, id: string, round: number) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: `The value that MediaPackage expects in ${CDN_HEADER}`,
      generateSecretString: {
        // A change of this property creates a new value.
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
        secretStringTemplate: JSON.stringify(
          round === 1 ? {} : { value: Math.floor(round / 2) + 1 },
        ),
        generateStringKey: FIELD,
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    this.sent = SecretValue.secretsManager(secret.secretArn, {
      jsonField: FIELD,
      ...(round % 2 === 0 ? { versionStage: 'AWSPREVIOUS' } : {}),
    });
    Validations.of(secret).acknowledge({
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
      resources: [secret.secretArn],
    });
    this.authorization = {
      cdnIdentifierSecret: secret.secretArn,
      secretsRoleArn: role.roleArn,
    };
  }
}

/** Reads the identifier of an existing endpoint from its secret, for callers that send it. */
export function readIdentifier(secretArn: string): SecretValue {
  return SecretValue.secretsManager(secretArn, { jsonField: FIELD });
}
