/** The library: the table of clips. */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AttributeType,
  BillingMode,
  type GlobalSecondaryIndexProps,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

import type { Deployment, RustFunction } from '../function/function.ts';
import type { Settings, TableIndex } from '../settings/settings.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });
const number = (name: string) => ({ name, type: AttributeType.NUMBER });

/** The indexes that the table can have. */
const INDEXES: Readonly<Record<TableIndex, Omit<GlobalSecondaryIndexProps, 'indexName'>>> = {
  // The clips that viewers' lists show. It does not hold whole rows, because anyone can read it.
  listed: {
    partitionKey: text('activeCompetition'),
    sortKey: text('clip'),
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: ['listedAs', 'tags'],
  },
  // The same clips, as version 0.1.0 listed them.
  active: {
    partitionKey: text('activeCompetition'),
    sortKey: text('clip'),
    projectionType: ProjectionType.ALL,
  },
  unfinished: {
    partitionKey: text('unfinished'),
    sortKey: number('nextCheckAt'),
    projectionType: ProjectionType.ALL,
  },
  // The harvest queue, first in, first out.
  waiting: {
    partitionKey: text('waiting'),
    sortKey: number('queuedAt'),
    projectionType: ProjectionType.KEYS_ONLY,
  },
  // The clips of a competition, in every state, in the order of their changes.
  changes: {
    partitionKey: text('competition'),
    sortKey: number('changedAt'),
    projectionType: ProjectionType.ALL,
  },
};

/** The environment of functions in which clips get their assets and become ready. */
export function buildAssetExpiryEnvironment({
  assetsExpireAfterDays: days,
}: Settings): Record<string, string> {
  return days === undefined ? {} : { ASSET_EXPIRY_DAYS: String(days) };
}

/** The environment of functions that create assets: which files the clips of each channel get. */
export function buildFilesEnvironment({ clipFiles, channels }: Settings): Record<string, string> {
  const own = channels.flatMap(({ id, clipFiles: kinds }) =>
    kinds === undefined ? [] : [[id, kinds]],
  );
  return { CLIP_FILES: JSON.stringify({ '*': clipFiles, ...Object.fromEntries(own) }) };
}

/** The environment of functions that create clips, and of the sweep, which deletes expired ones. */
export function buildExpiryEnvironment({
  clipsExpireAfterDays: days,
}: Settings): Record<string, string> {
  return days === undefined ? {} : { CLIP_EXPIRY_DAYS: JSON.stringify(days) };
}

/** The indexes that functions use. An alarm can have at most ten metrics: two of the table and of each index. */
const USED_INDEXES = ['listed', 'unfinished', 'waiting', 'changes'] as const;
type Index = (typeof USED_INDEXES)[number];

export class Library extends Construct {
  readonly table: Table;
  /** The variable `CLIPS_TABLE`. */
  readonly environment: Record<string, string>;

  constructor(scope: Construct, id: string, { settings, alarms }: Deployment) {
    super(scope, id);
    this.table = new Table(this, 'Clips', {
      partitionKey: text('competition'),
      sortKey: text('clip'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAtSeconds',
      // `announce-clip` compares both images to find out if the status changed.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      deletionProtection: settings.keepData,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const name of settings.tableIndexes)
      this.table.addGlobalSecondaryIndex({ indexName: name, ...INDEXES[name] });
    this.environment = { CLIPS_TABLE: this.table.tableName };

    alarms.addAlarm('the table is throttled', {
      metric: this.countThrottles(USED_INDEXES),
      threshold: 10,
      periods: 5,
      datapoints: 3,
      missingData: 'good',
      cause: 'failing',
      description:
        'In 3 of 5 minutes, DynamoDB throttled at least 10 reads or writes of the table or an index.',
      runbook: 'the-table-is-throttled',
    });
  }

  /** The reads and writes that DynamoDB throttled in a minute. The metric of a table excludes its indexes. */
  private countThrottles(indexes: readonly string[]): IMetric {
    const period = Duration.minutes(1);
    const tableName = this.table.tableName;
    const dimensions = [
      { TableName: tableName },
      ...indexes.map((index) => ({ TableName: tableName, GlobalSecondaryIndexName: index })),
    ];
    const metrics = dimensions.flatMap((dimensionsMap) =>
      ['ReadThrottleEvents', 'WriteThrottleEvents'].map(
        (metricName) =>
          new Metric({
            namespace: 'AWS/DynamoDB',
            metricName,
            dimensionsMap,
            statistic: 'Sum',
            period,
          }),
      ),
    );
    return new MathExpression({
      expression: 'SUM(FILL(METRICS(), 0))',
      usingMetrics: Object.fromEntries(metrics.map((metric, at) => [`m${at}`, metric])),
      label: 'throttled',
      period,
    });
  }

  /** Lets a function read one clip at a time. */
  grantRead(reader: RustFunction): void {
    reader.allow({ actions: ['dynamodb:GetItem'], resources: [this.table.tableArn] });
  }

  /** Lets a function write clips. Every write needs a read first. */
  grantWrite(writer: RustFunction): void {
    writer.allow({
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resources: [this.table.tableArn],
    });
  }

  /** Lets a function read and write what was observed of channels. Such a row has a partition of its own. */
  grantObserve(observer: RustFunction, channels: readonly string[]): void {
    observer.allow({
      actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      resources: [this.table.tableArn],
      conditions: {
        'ForAllValues:StringEquals': {
          'dynamodb:LeadingKeys': channels.map((channel) => `channel#${channel}`),
        },
      },
    });
  }

  /** Lets a function write marks and their keys. */
  grantCreateMarks(writer: RustFunction, channels: readonly string[]): void {
    this.grantMarks(writer, channels, [
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    ]);
  }

  /** Lets a function use the marks of channels. Their rows have a partition for each channel. */
  grantMarks(target: RustFunction, channels: readonly string[], actions: readonly string[]): void {
    target.allow({
      actions,
      resources: [this.table.tableArn],
      conditions: {
        'ForAllValues:StringEquals': {
          'dynamodb:LeadingKeys': channels.map((channel) => `marks#${channel}`),
        },
      },
    });
  }

  /** Lets a function use the rules. Their rows have one partition. */
  grantRules(target: RustFunction, actions: readonly string[]): void {
    target.allow({
      actions,
      resources: [this.table.tableArn],
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['rules#'] } },
    });
  }

  /** Lets a function read rules and marks, and write what the rules make. */
  grantApplyRules(writer: RustFunction): void {
    this.grantWrite(writer);
    writer.allow({
      // A transaction checks that the rule has not changed.
      actions: ['dynamodb:Query', 'dynamodb:ConditionCheckItem'],
      resources: [this.table.tableArn],
    });
  }

  /** The ARN of the table's stream. */
  get streamArn(): string {
    if (this.table.tableStreamArn === undefined) throw new Error('The table has no stream.');
    return this.table.tableStreamArn;
  }

  /** Lets a function read the table's stream. */
  grantReadStream(follower: RustFunction): void {
    follower.allow({
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [this.streamArn],
    });
    follower.allowWide({
      actions: ['dynamodb:ListStreams'],
      resources: ['*'],
      because:
        'Lambda lists streams to read one. ListStreams has no resources that a policy could name.',
    });
  }

  /** Lets a function delete rows. */
  grantDelete(deleter: RustFunction): void {
    deleter.allow({ actions: ['dynamodb:DeleteItem'], resources: [this.table.tableArn] });
  }

  /** Lets a function list the clips that viewers see. It reads the rows of clips of earlier versions. */
  grantList(reader: RustFunction): void {
    this.grantQuery(reader, 'listed');
    reader.allow({ actions: ['dynamodb:BatchGetItem'], resources: [this.table.tableArn] });
  }

  /** Lets a function query one index. */
  grantQuery(reader: RustFunction, index: Index): void {
    reader.allow({
      actions: ['dynamodb:Query'],
      resources: [`${this.table.tableArn}/index/${index}`],
    });
  }
}
