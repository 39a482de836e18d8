/** A Lambda function of functions/src/main.rs, with its own role and its own log group. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type AddToPrincipalPolicyResult,
  PolicyDocument,
  type PolicyStatement,
  Role,
  type RoleProps,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { type Alarms, computeFailureShare } from '../alarms/alarms.ts';
import {
  acknowledgeWide,
  allow,
  allowWide,
  type Permission,
  type WidePermission,
} from '../permission/permission.ts';
import { FUNCTION_MEMORY_MB, ROOT, type Settings, SettingsError } from '../settings/settings.ts';
import { moveLargeVariables } from './large-variables.ts';
import { findTimeout } from './timeouts.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ENVIRONMENT_BYTES = 4096;

/** About the lengths of ARNs, and of names and hosts, whose text is known at deployment only. */
const ARN_BYTES = 90;
const PART_BYTES = 60;
const NAME_BYTES = 45;

/**
 * Which failures need a person. Single ones do not: SQS, EventBridge and Lambda retry, and callers do.
 * Lambda's retries of one event span three minutes, so one bad event is in two periods at most.
 */
const FAILURES = { percent: 10, period: Duration.minutes(5), periods: 6, datapoints: 3 };

/** What makes a variable shorter. */
const REMEDIES: Readonly<Record<string, string>> = {
  SETTINGS_VALUES:
    'It has the URLs of the channels that the stack Live makes. Make fewer, or give some an originEndpoint.',
};

/** The properties that every construct needs to create its functions. */
export interface Deployment {
  readonly settings: Settings;
  readonly alarms: Alarms;
}

export interface RustFunctionProps extends Deployment {
  /** Its name in functions/src/main.rs. The function is named after it. */
  readonly bin: string;
  /** Added to the name, if several functions run the same code. */
  readonly variant?: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  /** How many may run at once. @default not limited */
  readonly reservedConcurrency?: number;
  /** Keeps the events whose every attempt failed, for functions that events start. */
  readonly deadLetterQueue?: IQueue;
  /** How often Lambda retries an event. @default 2 */
  readonly retryAttempts?: number;
  readonly maxEventAge?: Duration;
  /** Whether the caller adds a better alarm for failures. @default false */
  readonly hasOwnFailureAlarm?: boolean;
}

/**
 * A role whose permissions are part of it. A policy of its own for each role would be a tenth of the 500
 * resources that a stack can have.
 */
class FunctionRole extends Role {
  private readonly permissions: PolicyDocument;

  constructor(scope: Construct, id: string, props: RoleProps) {
    const permissions = new PolicyDocument();
    super(scope, id, { ...props, inlinePolicies: { Permissions: permissions } });
    this.permissions = permissions;
  }

  override addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    this.permissions.addStatements(statement);
    return { statementAdded: true, policyDependable: this };
  }
}

export class RustFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly bin: string;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id);
    const { settings, bin } = props;
    this.bin = bin;
    const fullName = props.variant === undefined ? bin : `${bin}-${props.variant}`;
    const name = `${settings.name}-${fullName}`;

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: settings.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new FunctionRole(this, 'Role', {
      description: `Permissions of ${name}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    this.allow({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    const { environment, objectArn } = moveLargeVariables(this, props.environment);
    if (objectArn !== undefined) this.allow({ actions: ['s3:GetObject'], resources: [objectArn] });
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: name,
      description: describe(props),
      code: Code.fromAsset(findBuildFolder(settings)),
      handler: 'bootstrap',
      runtime: Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: FUNCTION_MEMORY_MB,
      timeout: findTimeout(bin),
      environment: { ...environment, FUNCTION: bin },
      role: this.role,
      logGroup,
      tracing: Tracing.ACTIVE,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.deadLetterQueue === undefined ? {} : { deadLetterQueue: props.deadLetterQueue }),
      ...(props.retryAttempts === undefined ? {} : { retryAttempts: props.retryAttempts }),
      ...(props.maxEventAge === undefined ? {} : { maxEventAge: props.maxEventAge }),
    });
    this.node.addValidation({ validate: () => this.findTooLargeEnvironment() });
    // `tracing` adds these permissions.
    acknowledgeWide(this.role, ['*'], 'X-Ray has no resources that a policy could name.');

    if (props.hasOwnFailureAlarm === true) return;
    props.alarms.addAlarm(`${fullName} fails`, {
      metric: computeFailureShare(
        this.lambda.metricErrors({ period: FAILURES.period }),
        this.lambda.metricInvocations({ period: FAILURES.period }),
        FAILURES.period,
      ),
      threshold: FAILURES.percent,
      periods: FAILURES.periods,
      datapoints: FAILURES.datapoints,
      missingData: 'good',
      cause: 'failing',
      description: `At least ${FAILURES.percent} % of the invocations of ${name} failed or timed out, in 15 of 30 minutes. Its log has the errors.`,
      runbook: 'a-function-fails',
    });
  }

  /** Reserves this concurrency for the function, which is also its maximum. */
  limitConcurrency(executions: number): void {
    (this.lambda.node.defaultChild as CfnFunction).reservedConcurrentExecutions = executions;
  }

  /** A sentence if the environment exceeds Lambda's limit, which the deployment would report late. */
  private findTooLargeEnvironment(): string[] {
    const { environment } = this.lambda.node.defaultChild as CfnFunction;
    const { variables = {} } = Stack.of(this).resolve(environment) as { variables?: object };
    const sizes = Object.entries(variables).map(
      ([name, value]) => [name, name.length + estimateLength(value)] as const,
    );
    const size = sizes.reduce((sum, [, length]) => sum + length, 0);
    if (size <= MAX_ENVIRONMENT_BYTES) return [];
    const [largest = ''] = sizes.toSorted(([, a], [, b]) => b - a)[0] ?? [];
    return [
      `The environment of the function ${this.bin} has about ${size} bytes, and Lambda's limit is ${MAX_ENVIRONMENT_BYTES}. ` +
        `The largest variable is ${largest}. ${REMEDIES[largest] ?? 'Shorten the settings that it is made of.'}`,
    ];
  }

  /** Grants the function a permission. */
  allow(permission: Permission): void {
    allow(this.role, permission);
  }

  /** Grants the function a permission whose resources contain `*`. */
  allowWide(permission: WidePermission): void {
    allowWide(this.role, permission);
  }

  /** Lets the function pass a role to one service. */
  allowPassRole(role: Role, service: string): void {
    this.allow({
      actions: ['iam:PassRole'],
      resources: [role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': service } },
    });
  }
}

/** Estimates the length of a resolved value. */
function estimateLength(value: unknown): number {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{resolve:[^}]*\}\}/g, '0'.repeat(64)).length;
  const [, parts] = (value as Record<string, unknown[]>)['Fn::Join'] ?? [];
  if (Array.isArray(parts)) return parts.reduce<number>((sum, it) => sum + estimateLength(it), 0);
  const text = JSON.stringify(value);
  // A part of a URL.
  if (text.startsWith('{"Fn::Select"')) return PART_BYTES;
  return text.includes('Arn') ? ARN_BYTES : NAME_BYTES;
}

/**
 * The description of a function. CloudFormation reads a secret in the environment again only if another
 * property of the function changes, so functions with the CDN identifier have its round here.
 */
function describe({ description, environment, settings }: RustFunctionProps): string {
  return 'CDN_IDENTIFIER' in environment
    ? `${description} (identifier ${settings.identifierRound})`
    : description;
}

/** Finds the folder of the program that has every function. */
function findBuildFolder(settings: Settings): string {
  if (settings.functions === 'none') return `${ROOT}/cdk/test/none`;
  const folder = resolve(ROOT, settings.functions, 'functions');
  if (!existsSync(`${folder}/bootstrap`)) {
    throw new SettingsError(
      `${folder}/bootstrap was not found. Build the functions with cargo lambda build --release, ` +
        'or set functions=none to synthesize a template that cannot be deployed.',
    );
  }
  return folder;
}

/** Formats the ARN of a resource in this account and region. */
export function formatArn(scope: Construct, service: string, path: string): string {
  return Stack.of(scope).formatArn({ service, resource: path });
}
