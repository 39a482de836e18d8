/**
 * The secret header by which functions recognize requests of the distribution.
 *
 * There are two secrets: of this round, which the distribution sends, and of the next. Functions accept
 * both. After the round was increased by one, CloudFormation updates the distribution first, while the
 * functions already accept what it sends.
 */

import { type SecretValue, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** The header. */
export const ORIGIN_HEADER = 'x-matchcut-origin';

export class OriginSecret extends Construct {
  private readonly current: Secret;
  private readonly next: Secret;

  constructor(scope: Construct, id: string, round: number) {
    super(scope, id);
    this.current = this.createSecret(round);
    this.next = this.createSecret(round + 1);
  }

  /** What the distribution sends. */
  get sent(): SecretValue {
    return this.current.secretValue;
  }

  /** The environment of functions behind routes without a token. No secret contains a space. */
  get environment(): Readonly<Record<string, string>> {
    const accepted = [this.current, this.next].map((it) => it.secretValue.unsafeUnwrap());
    return { ORIGIN_SECRETS: accepted.join(' ') };
  }

  private createSecret(round: number): Secret {
    const secret = new Secret(this, `Round${round}`, {
      description: `The value of ${ORIGIN_HEADER} in round ${round}`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The configurations of the distribution and of functions contain the value. docs/deploy.md has the steps of a rotation.',
    });
    return secret;
  }
}
