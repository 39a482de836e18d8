/** A Rust function of functions/src/bin, with a role and a log of its own. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import type { Alarms } from '../alarms/alarms.ts';
import {
  acknowledgeWide,
  allow,
  allowWide,
  type Permission,
  type WidePermission,
} from '../permission/permission.ts';
import { ROOT, type Settings, SettingsError } from '../settings/settings.ts';

/**
 * The functions peak at 7.6 to 9.1 MB, so memory is not what this buys: Lambda gives CPU in
 * proportion to it, and TLS handshakes at a cold start want some. At 128 MB a start takes twice as
 * long for half the price.
 */
const MEMORY_MB = 256;

/** What every construct of a deployment needs to make its functions. */
export interface Deployment {
  readonly settings: Settings;
  readonly alarms: Alarms;
}

export interface RustFunctionProps extends Deployment {
  /** The name of the binary, which the function is named after. */
  readonly bin: string;
  /** Tells several functions of one binary apart. */
  readonly variant?: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  /** How long one invocation may take; API Gateway waits for 30 s at most. */
  readonly timeout?: Duration;
  /** How many of it may run at once, where that protects something. */
  readonly reservedConcurrency?: number;
  /** For functions that events start: where an event goes that failed every time. */
  readonly undelivered?: IQueue;
  /** How often Lambda tries an event again. */
  readonly retryAttempts?: number;
  readonly maxEventAge?: Duration;
  /** For a function that fails when somebody else does: whoever makes it has a better alarm for that. */
  readonly mayFail?: boolean;
}

export class RustFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly bin: string;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id);
    const { settings, bin } = props;
    this.bin = bin;
    const called = props.variant === undefined ? bin : `${bin}-${props.variant}`;
    const name = `${settings.name}-${called}`;

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: settings.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: `What ${name} may do`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    this.may({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: name,
      description: props.description,
      code: Code.fromAsset(folderOf(bin, settings)),
      handler: 'bootstrap',
      runtime: Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: MEMORY_MB,
      timeout: props.timeout ?? Duration.seconds(20),
      environment: props.environment,
      role: this.role,
      logGroup,
      tracing: Tracing.ACTIVE,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.undelivered === undefined ? {} : { deadLetterQueue: props.undelivered }),
      ...(props.retryAttempts === undefined ? {} : { retryAttempts: props.retryAttempts }),
      ...(props.maxEventAge === undefined ? {} : { maxEventAge: props.maxEventAge }),
    });
    // Added by `tracing`; X-Ray has no resources to name.
    acknowledgeWide(this.role, ['*'], 'X-Ray takes traces without naming a resource.');

    if (props.mayFail === true) return;
    props.alarms.raise(`${called} fails`, {
      metric: this.lambda.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      means: `${name} ended with an error or ran out of time; its log says why.`,
      runbook: 'a-function-fails',
    });
  }

  /** Lets the function do exactly this. */
  may(permission: Permission): void {
    allow(this.role, permission);
  }

  /** Lets the function do this to resources that cannot all be named, for a reason. */
  mayWidely(permission: WidePermission): void {
    allowWide(this.role, permission);
  }

  /** Lets the function hand a role to a service, and to no other. */
  mayPass(role: Role, service: string): void {
    this.may({
      actions: ['iam:PassRole'],
      resources: [role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': service } },
    });
  }
}

/** The folder of a built binary. */
function folderOf(bin: string, settings: Settings): string {
  if (settings.functions === 'none') return `${ROOT}/cdk/test/none`;
  const folder = resolve(ROOT, settings.functions, bin);
  if (!existsSync(`${folder}/bootstrap`)) {
    throw new SettingsError(
      `There is no ${folder}/bootstrap: build the functions with cargo lambda build --release, ` +
        'or set functions=none to synthesize templates that cannot be deployed.',
    );
  }
  return folder;
}

/** The ARN of what a service keeps under a path in this account and region. */
export function arn(scope: Construct, service: string, path: string): string {
  return Stack.of(scope).formatArn({ service, resource: path });
}
