/** The library: the table of clips. */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

import type { Deployment, RustFunction } from '../function/function.ts';
import type { Settings } from '../settings/settings.ts';

/** For whoever makes clips, and for the sweep, which removes them. */
export function expiryEnvironment({
  clipsExpireAfterDays: days,
}: Settings): Record<string, string> {
  return days === undefined ? {} : { CLIP_EXPIRY_DAYS: JSON.stringify(days) };
}

export class Library extends Construct {
  readonly table: Table;
  /** For `CLIPS_TABLE`. */
  readonly environment: Record<string, string>;

  constructor(scope: Construct, id: string, { settings, alarms }: Deployment) {
    super(scope, id);
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
    writer.may({
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resources: [this.table.tableArn],
    });
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
      because:
        'Lambda lists streams to follow one; ListStreams knows no resources that a policy could name.',
    });
  }

  /** Lets a function delete clips that came to nothing. */
  mayForget(function_: RustFunction): void {
    function_.may({ actions: ['dynamodb:DeleteItem'], resources: [this.table.tableArn] });
  }

  /** Lets a function query one index, and no other. */
  mayQuery(reader: RustFunction, index: 'active' | 'unfinished' | 'waiting'): void {
    reader.may({
      actions: ['dynamodb:Query'],
      resources: [`${this.table.tableArn}/index/${index}`],
    });
  }
}
