/** Alarms, each with a text that says what it means and where to read what to do. */

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

import { actingFor } from '../permission/permission.ts';
import type { Settings } from '../settings/settings.ts';

export interface AlarmProps {
  readonly metric: IMetric;
  readonly threshold: number;
  /** What is wrong when it goes off, for who is woken by it. */
  readonly means: string;
  /** The heading of docs/runbook.md that says what to do. */
  readonly runbook: string;
  /** For a metric that is bad when it is low. */
  readonly below?: boolean;
  /** How many periods it has to last. */
  readonly periods?: number;
  /** Whether silence is an alarm too. */
  readonly silenceIsBad?: boolean;
}

export class Alarms extends Construct {
  readonly topic: Topic;
  readonly all: Alarm[] = [];
  /** How much is in each queue of what failed every time. */
  readonly undelivered: IMetric[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: Settings,
  ) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    // A topic with a policy of its own has lost the one that lets the account's alarms publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [actingFor(this, 'cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
      }),
    );
    if (settings.alarmEmail !== undefined) {
      this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    }
  }

  raise(what: string, props: AlarmProps): void {
    const alarm = new Alarm(this, what.replaceAll(/[^A-Za-z0-9]+/g, '-'), {
      alarmName: `${this.settings.name}: ${what}`,
      alarmDescription: `${props.means} What to do: docs/runbook.md#${props.runbook}`,
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator:
        props.below === true
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: props.periods ?? 1,
      treatMissingData:
        props.silenceIsBad === true ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    this.all.push(alarm);
  }

  /** What nobody could take is in this queue until somebody looks. */
  ofUndelivered(what: string, queue: IQueue, runbook: string, threshold = 1): void {
    const depth = { period: Duration.minutes(1), statistic: 'Maximum' };
    this.undelivered.push(
      queue.metricApproximateNumberOfMessagesVisible({ ...depth, label: what }),
    );
    this.raise(`undelivered: ${what}`, {
      metric: queue.metricApproximateNumberOfMessagesVisible(depth),
      threshold,
      means: `Of ${what}, ${threshold === 1 ? 'something' : `${threshold} or more`} failed every time it was tried; it is kept in ${queue.queueName}.`,
      runbook,
    });
  }
}
