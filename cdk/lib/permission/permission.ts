/** Permissions, written out by hand: named actions, narrow resources. */

import { Stack, Validations } from 'aws-cdk-lib';
import { type IPrincipal, PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { Construct } from 'constructs';

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Record<string, Record<string, unknown>>;
}

/** A permission whose resources cannot all be named, and why. */
export interface WidePermission extends Permission {
  readonly because: string;
}

/** Lets a role do exactly this. */
export function allow(role: Role, permission: Permission): void {
  role.addToPolicy(statement(permission));
}

/** Lets a role do this to resources that hold a `*`; the reason goes into the template. */
export function allowWide(role: Role, permission: WidePermission): void {
  role.addToPolicy(statement(permission));
  acknowledgeWide(role, permission.resources, permission.because);
}

function statement({ actions, resources, conditions }: Permission): PolicyStatement {
  return new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });
}

/** Tells cdk-nag why a role's permissions hold a `*`. */
export function acknowledgeWide(role: Role, resources: readonly string[], because: string): void {
  for (const resource of resources.map((it) => flattenCfnReference(Stack.of(role).resolve(it)))) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${resource}]`,
      reason: because,
    });
  }
}

/** A service that acts for this account only: nobody else's jobs may borrow what it is allowed. */
export function actingFor(scope: Construct, service: string): IPrincipal {
  return new ServicePrincipal(service, {
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  });
}
