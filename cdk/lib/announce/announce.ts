/** Change events: each change of a clip's state, from the table's stream to EventBridge. */

import { Duration } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import type { Metrics } from '../alarms/metrics.ts';
import { createDeadLetterQueue } from '../function/events.ts';
import { type Deployment, formatArn, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

/** The pattern of our change events on the account's default event bus. */
export const CHANGE_EVENTS = { source: ['matchcut'], detailType: ['Clip State Changed'] };

/** A change event is retried for 12 hours. The stream itself keeps a record for 24 hours. */
const MAX_RECORD_AGE = Duration.hours(12);

export interface AnnounceProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
  readonly metrics: Metrics;
}

export class Announce extends Construct {
  constructor(scope: Construct, id: string, props: AnnounceProps) {
    super(scope, id);
    const { library, channels, alarms } = props;
    const failed = createDeadLetterQueue(this, 'Unannounced');
    alarms.addQueueAlarm('change events', failed, {
      id: 'announcements',
      runbook: 'change-events-that-failed',
    });

    const announce = new RustFunction(this, 'Announce', {
      ...props,
      bin: 'announce-clip',
      description: "Sends a change event to EventBridge for each change of a clip's state",
      environment: {
        ...props.viewEnvironment,
        ...props.metrics.environment,
        CHANNELS: channels.json,
      },
    });
    library.grantReadStream(announce);
    announce.allow({
      actions: ['events:PutEvents'],
      resources: [formatArn(this, 'events', 'event-bus/default')],
    });
    announce.allow({ actions: ['sqs:SendMessage'], resources: [failed.queueArn] });
    announce.lambda.addEventSourceMapping('Changes', {
      eventSourceArn: library.streamArn,
      // Changes made while the stack was being deployed are announced too.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.or('INSERT', 'MODIFY'),
          // Idempotency records are rows of the same table. They have no status.
          dynamodb: { NewImage: { status: { S: FilterRule.exists() } } },
        }),
      ],
      // Lambda splits a failed batch until it has found the failing change. The others go on.
      bisectBatchOnError: true,
      retryAttempts: 10,
      maxRecordAge: MAX_RECORD_AGE,
      onFailure: { bind: () => ({ destination: failed.queueArn }) },
    });
    alarms.addAlarm('change events are late', {
      id: 'announcements are late',
      metric: announce.lambda.metric('IteratorAge', {
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: Duration.minutes(5).toMilliseconds(),
      periods: 3,
      missingData: 'good',
      cause: 'late',
      description: 'Other systems get change events more than 5 minutes late.',
      runbook: 'change-events-are-late',
    });
  }
}
