/**
 * The alarms of a deployment. Each names its entry of docs/runbook.md.
 *
 * One fault has many symptoms: if DynamoDB does not answer, every function fails, and every dead-letter
 * queue fills. So an alarm on a symptom notifies nobody. It belongs to a cause, which is a composite
 * alarm, and the cause notifies once.
 */

import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IAlarmRule,
  type IMetric,
  MathExpression,
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
  /** How many of the last periods count. @default 1 */
  readonly periods?: number;
  /** In how many of these periods the metric must be past the threshold. @default in all */
  readonly datapoints?: number;
  /** What a period without data is. */
  readonly missingData: MissingData;
  /** The cause that notifies. @default the alarm notifies by itself */
  readonly cause?: Cause;
}

/** A period without data is within the threshold, past it, or leaves the alarm as it is. */
export type MissingData = 'good' | 'bad' | 'keep';

const MISSING_DATA: Readonly<Record<MissingData, TreatMissingData>> = {
  good: TreatMissingData.NOT_BREACHING,
  bad: TreatMissingData.BREACHING,
  keep: TreatMissingData.IGNORE,
};

/** What symptoms have in common. */
export type Cause = 'failing' | 'undelivered' | 'late';

interface CauseProps {
  readonly name: string;
  readonly description: string;
  readonly runbook: string;
  /** Causes whose consequence this one can be. While one of them is active, this one notifies nobody. */
  readonly unless: readonly Cause[];
}

/** In order: a cause follows those that it can be a consequence of. */
const CAUSES: Readonly<Record<Cause, CauseProps>> = {
  failing: {
    name: 'the service fails',
    description: 'A share of invocations or requests fails, or the table throttles them.',
    runbook: 'the-service-fails',
    unless: [],
  },
  undelivered: {
    name: 'messages failed on every attempt',
    description: 'At least one dead-letter queue has messages, and the service works.',
    runbook: 'messages-that-failed',
    unless: ['failing'],
  },
  late: {
    name: 'clips or events are late',
    description: 'The sweep, the harvest queue or change events are behind, and the service works.',
    runbook: 'clips-or-events-are-late',
    unless: ['failing', 'undelivered'],
  },
};

export interface QueueAlarmProps extends Pick<AlarmProps, 'id' | 'runbook'> {
  /** The cause that notifies. @default `undelivered` */
  readonly cause?: Cause;
  /** From how many messages on the alarm goes off. @default 1 */
  readonly threshold?: number;
}

export class Alarms extends Construct {
  readonly topic: Topic;
  readonly all: IAlarm[] = [];
  /** The number of messages in each dead-letter queue. */
  readonly deadLetters: IMetric[] = [];
  private readonly symptoms = new Map<Cause, IAlarm[]>();

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
    const alarm = this.createAlarm(name, props);
    if (props.cause === undefined) alarm.addAlarmAction(new SnsAction(this.topic));
    else this.addSymptom(props.cause, alarm);
  }

  /** Adds an alarm on messages in a dead-letter queue. It belongs to a cause. */
  addQueueAlarm(what: string, queue: IQueue, props: QueueAlarmProps): void {
    this.addSymptom(props.cause ?? 'undelivered', this.createQueueAlarm(what, queue, props));
  }

  /** Creates an alarm on messages in a dead-letter queue. It notifies nobody. */
  createQueueAlarm(
    what: string,
    queue: IQueue,
    { id, runbook, threshold = 1 }: QueueAlarmProps,
  ): IAlarm {
    const depth = { period: Duration.minutes(1), statistic: 'Maximum' };
    this.deadLetters.push(
      queue.metricApproximateNumberOfMessagesVisible({ ...depth, label: what }),
    );
    const count = threshold === 1 ? 'At least one message' : `At least ${threshold} messages`;
    return this.createAlarm(`dead-letter queue: ${what}`, {
      id: `undelivered: ${id ?? what}`,
      metric: queue.metricApproximateNumberOfMessagesVisible(depth),
      threshold,
      // SQS reports no metrics of a queue that nobody used for six hours. Its messages are still there.
      missingData: 'keep',
      description: `${count} failed on every attempt (${what}). The queue ${queue.queueName} keeps them.`,
      runbook,
    });
  }

  /** Creates an alarm that notifies nobody. */
  createAlarm(name: string, props: Omit<AlarmProps, 'cause'>): Alarm {
    const { periods = 1 } = props;
    const alarm = new Alarm(this, formatId(props.id ?? name), {
      alarmName: `${this.settings.name}: ${name}`,
      alarmDescription: describe(props),
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator:
        props.alarmsBelow === true
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: props.datapoints ?? periods,
      treatMissingData: MISSING_DATA[props.missingData],
    });
    this.all.push(alarm);
    return alarm;
  }

  /** Adds an alarm that notifies if at least one of the symptoms is there, unless another alarm has. */
  addComposite(
    name: string,
    symptoms: readonly IAlarm[],
    props: Pick<AlarmProps, 'description' | 'runbook'>,
    unless: readonly IAlarm[] = [],
  ): IAlarm {
    const alarm = new CompositeAlarm(this, formatId(name), {
      compositeAlarmName: `${this.settings.name}: ${name}`,
      alarmDescription: describe(props),
      alarmRule: AlarmRule.allOf(
        AlarmRule.anyOf(...symptoms.map(isActive)),
        ...unless.map((it) => AlarmRule.not(isActive(it))),
      ),
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    this.all.push(alarm);
    return alarm;
  }

  /** Adds the alarm of each cause. Call this after all alarms were added. */
  addCauses(): void {
    const made = new Map<Cause, IAlarm>();
    for (const [cause, { name, unless, ...props }] of Object.entries(CAUSES) as [
      Cause,
      CauseProps,
    ][]) {
      const above = unless.flatMap((it) => made.get(it) ?? []);
      made.set(cause, this.addComposite(name, this.symptoms.get(cause) ?? [], props, above));
    }
  }

  private addSymptom(cause: Cause, alarm: IAlarm): void {
    this.symptoms.set(cause, [...(this.symptoms.get(cause) ?? []), alarm]);
  }
}

/** The share of failed calls in percent. A period without calls has no data, and one without failures may have none. */
export function computeFailureShare(errors: IMetric, calls: IMetric, period: Duration): IMetric {
  return new MathExpression({
    expression: '100 * FILL(errors, 0) / calls',
    usingMetrics: { errors, calls },
    label: 'failed, in percent',
    period,
  });
}

function isActive(alarm: IAlarm): IAlarmRule {
  return AlarmRule.fromAlarm(alarm, AlarmState.ALARM);
}

function describe({ description, runbook }: Pick<AlarmProps, 'description' | 'runbook'>): string {
  return `${description} What to do: docs/runbook.md#${runbook}`;
}

function formatId(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]+/g, '-');
}
