/** The library: the table of clips, and the sweep that finds what no event told. */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';

import { undeliveredQueue } from './events.ts';
import { type Deployment, RustFunction } from './function.ts';
import type { Settings } from './settings.ts';

/** Of the sixty of an hour: clips then wait for minutes, not for one. */
const MANY_SWEEPS = 30;

/** For whoever makes clips, and for the sweep, which removes them. */
export function expiryEnvironment({ clipsExpireAfterDays: days }: Settings): Record<string, string> {
  return days === undefined ? {} : { CLIP_EXPIRY_DAYS: JSON.stringify(days) };
}

export class Library extends Construct {
  readonly table: Table;
  /** For `CLIPS_TABLE`. */
  readonly environment: Record<string, string>;

  constructor(
    scope: Construct,
    id: string,
    private readonly deployment: Deployment,
  ) {
    super(scope, id);
    const { settings, alarms } = deployment;
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    this.table = new Table(this, 'Clips', {
      partitionKey: text('competition'),
      sortKey: text('clip'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAtSeconds',
      // What a clip was tells whether its status changed.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      deletionProtection: settings.keepData,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: 'active',
      partitionKey: text('activeCompetition'),
      sortKey: text('clip'),
      projectionType: ProjectionType.ALL,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: 'unfinished',
      partitionKey: text('unfinished'),
      sortKey: { name: 'nextCheckAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    });
    // Who waits for a harvest job, in the order of their coming.
    this.table.addGlobalSecondaryIndex({
      indexName: 'waiting',
      partitionKey: text('waiting'),
      sortKey: { name: 'queuedAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.environment = { CLIPS_TABLE: this.table.tableName };

    for (const [what, metricName] of [
      ['reads', 'ReadThrottleEvents'],
      ['writes', 'WriteThrottleEvents'],
    ] as const) {
      alarms.raise(`${what} of the table are throttled`, {
        metric: this.table.metric(metricName, { statistic: 'Sum', period: Duration.minutes(5) }),
        threshold: 10,
        means: `DynamoDB refused ${what} of clips.`,
        runbook: 'the-table-is-throttled',
      });
    }
  }

  /** Lets a function read single clips. */
  mayFind(reader: RustFunction): void {
    reader.may({ actions: ['dynamodb:GetItem'], resources: [this.table.tableArn] });
  }

  /** Lets a function write clips; whoever writes reads first. */
  mayWrite(writer: RustFunction): void {
    writer.may({ actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], resources: [this.table.tableArn] });
  }

  /** Where each change of a row is told. */
  get streamArn(): string {
    if (this.table.tableStreamArn === undefined) throw new Error('The table has no stream.');
    return this.table.tableStreamArn;
  }

  /** Lets a function follow the changes of clips. */
  mayFollow(follower: RustFunction): void {
    follower.may({
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [this.streamArn],
    });
    follower.mayWidely({
      actions: ['dynamodb:ListStreams'],
      resources: ['*'],
      because: 'Lambda lists streams to follow one; ListStreams knows no resources that a policy could name.',
    });
  }

  /** Lets a function delete clips that came to nothing. */
  mayForget(function_: RustFunction): void {
    function_.may({ actions: ['dynamodb:DeleteItem'], resources: [this.table.tableArn] });
  }

  /** Lets a function query one index, and no other. */
  mayQuery(reader: RustFunction, index: 'active' | 'unfinished' | 'waiting'): void {
    reader.may({ actions: ['dynamodb:Query'], resources: [`${this.table.tableArn}/index/${index}`] });
  }

  /**
   * The sweep, every minute; it needs what every stage does, so it is made when they are.
   *
   * One at a time: two would ask AWS the same things, of an API that takes few calls a second. A
   * run that cannot start within a minute is dropped, for the next is due. How many were, of the last
   * hour, is seen in a queue: a library that is too large for a minute drops some all the time.
   */
  sweep(environment: Record<string, string>): RustFunction {
    const dropped = undeliveredQueue(this, 'Dropped', { retentionPeriod: Duration.hours(1) });
    this.deployment.alarms.ofUndelivered('sweeps of the last hour', dropped, 'sweeps-are-dropped', MANY_SWEEPS);
    const sweep = new RustFunction(this, 'Sweep', {
      ...this.deployment,
      bin: 'sweep-library',
      description: 'Asks AWS about every clip that should have moved on by now',
      environment: { ...this.environment, ...environment },
      timeout: Duration.minutes(3),
      reservedConcurrency: 1,
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      undelivered: dropped,
    });
    this.mayWrite(sweep);
    this.mayQuery(sweep, 'unfinished');
    new Rule(this, 'EveryMinute', {
      description: `Starts ${sweep.bin}`,
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep.lambda, { deadLetterQueue: dropped, retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    this.deployment.alarms.raise('the sweep is silent', {
      metric: sweep.lambda.metricInvocations({ period: Duration.minutes(10) }),
      threshold: 1,
      below: true,
      silenceIsBad: true,
      means: 'No sweep ran for ten minutes: clips whose event got lost stay unfinished.',
      runbook: 'the-sweep-is-silent',
    });
    return sweep;
  }
}
