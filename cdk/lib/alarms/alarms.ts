/** The alarms of a deployment. Each names its entry of docs/runbook.md. */

import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { restrictToAccount } from '../permission/permission.ts';
import type { Settings } from '../settings/settings.ts';

export interface AlarmProps {
  readonly metric: IMetric;
  readonly threshold: number;
  /**
   * The id of its construct, for an alarm whose name has changed: another id would change its
   * logical id.
   *
   * @default made from the alarm's name
   */
  readonly id?: string;
  /** The meaning of the alarm, for the engineer on call. */
  readonly description: string;
  /** The anchor of its heading in docs/runbook.md. */
  readonly runbook: string;
  /** Whether the alarm goes off below the threshold. @default false: at or above it */
  readonly alarmsBelow?: boolean;
  /** For how many periods in a row the metric must be past the threshold. @default 1 */
  readonly periods?: number;
  /** Whether missing data sets off the alarm. @default false */
  readonly missingDataBreaches?: boolean;
}

export interface QueueAlarmProps extends Pick<AlarmProps, 'id' | 'runbook'> {
  /** From how many messages on the alarm goes off. @default 1 */
  readonly threshold?: number;
}

export class Alarms extends Construct {
  readonly topic: Topic;
  readonly all: Alarm[] = [];
  /** The number of messages in each dead-letter queue. */
  readonly deadLetters: IMetric[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: Settings,
  ) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    // `enforceSSL` replaces the default policy, which would let the account's alarms publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [restrictToAccount(this, 'cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
      }),
    );
    if (settings.alarmEmail !== undefined) {
      this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    }
  }

  addAlarm(name: string, props: AlarmProps): void {
    const alarm = new Alarm(this, (props.id ?? name).replaceAll(/[^A-Za-z0-9]+/g, '-'), {
      alarmName: `${this.settings.name}: ${name}`,
      alarmDescription: `${props.description} What to do: docs/runbook.md#${props.runbook}`,
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator:
        props.alarmsBelow === true
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: props.periods ?? 1,
      treatMissingData:
        props.missingDataBreaches === true
          ? TreatMissingData.BREACHING
          : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    this.all.push(alarm);
  }

  /** Adds an alarm that goes off when messages are in a dead-letter queue. */
  addQueueAlarm(
    what: string,
    queue: IQueue,
    { id, runbook, threshold = 1 }: QueueAlarmProps,
  ): void {
    const depth = { period: Duration.minutes(1), statistic: 'Maximum' };
    this.deadLetters.push(
      queue.metricApproximateNumberOfMessagesVisible({ ...depth, label: what }),
    );
    const count = threshold === 1 ? 'At least one message' : `At least ${threshold} messages`;
    this.addAlarm(`dead-letter queue: ${what}`, {
      id: `undelivered: ${id ?? what}`,
      metric: queue.metricApproximateNumberOfMessagesVisible(depth),
      threshold,
      description: `${count} failed on every attempt (${what}). The queue ${queue.queueName} keeps them.`,
      runbook,
    });
  }
}
