/** Grants permissions: named actions on named resources. */

import { Stack, Validations } from 'aws-cdk-lib';
import { type IPrincipal, PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { Construct } from 'constructs';

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Record<string, Record<string, unknown>>;
}

/** A permission whose resources contain `*`. */
export interface WidePermission extends Permission {
  /** Why the resources cannot be named. */
  readonly because: string;
}

/** Grants a role a permission. */
export function allow(role: Role, permission: Permission): void {
  role.addToPolicy(createStatement(permission));
}

/** Grants a role a permission whose resources contain `*`. The reason goes into the template. */
export function allowWide(role: Role, permission: WidePermission): void {
  role.addToPolicy(createStatement(permission));
  acknowledgeWide(role, permission.resources, permission.because);
}

function createStatement({ actions, resources, conditions }: Permission): PolicyStatement {
  return new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });
}

/** Acknowledges cdk-nag's finding that a role's permissions contain `*`. */
export function acknowledgeWide(role: Role, resources: readonly string[], because: string): void {
  for (const resource of resources.map((it) => flattenCfnReference(Stack.of(role).resolve(it)))) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${resource}]`,
      reason: because,
    });
  }
}

/**
 * A service principal that may act for this account only, so that other accounts cannot use the role.
 *
 * The service must send `aws:SourceAccount`, or it cannot assume the role. MediaPackage documents it for
 * harvest jobs, but neither for VOD assets nor for CDN authorization and key servers.
 * https://docs.aws.amazon.com/mediapackage/latest/ug/setting-up-create-trust-rel-trust.html
 */
export function restrictToAccount(scope: Construct, service: string): IPrincipal {
  return new ServicePrincipal(service, {
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  });
}
