/** Announcements: each change of a clip's state, from the table's stream to EventBridge. */

import { Duration } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import type { Metrics } from '../alarms/metrics.ts';
import { undeliveredQueue } from '../function/events.ts';
import { arn, type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

/** Ours, on the account's default bus. */
export const STATE_CHANGED = { source: ['matchcut'], detailType: ['Clip State Changed'] };

/** Half a day of trouble with EventBridge is made up for; the stream itself keeps a day. */
const LONGEST = Duration.hours(12);

export interface AnnounceProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** What functions that show clips need to know. */
  readonly viewEnvironment: Record<string, string>;
  readonly metrics: Metrics;
}

export class Announce extends Construct {
  constructor(scope: Construct, id: string, props: AnnounceProps) {
    super(scope, id);
    const { library, channels, alarms } = props;
    const failed = undeliveredQueue(this, 'Unannounced');
    alarms.ofUndelivered('announcements', failed, 'announcements-that-failed');

    const announce = new RustFunction(this, 'Announce', {
      ...props,
      bin: 'announce-clip',
      description: "Tells EventBridge of each change of a clip's state",
      environment: {
        ...props.viewEnvironment,
        ...props.metrics.environment,
        CHANNELS: channels.json,
      },
      timeout: Duration.seconds(60),
    });
    library.mayFollow(announce);
    announce.may({
      actions: ['events:PutEvents'],
      resources: [arn(this, 'events', 'event-bus/default')],
    });
    announce.may({ actions: ['sqs:SendMessage'], resources: [failed.queueArn] });
    announce.lambda.addEventSourceMapping('Changes', {
      eventSourceArn: library.streamArn,
      // What changed while the stack was being made is announced, too.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.or('INSERT', 'MODIFY'),
          // Records of requests' keys are rows, too, but have no status: they are no clips.
          dynamodb: { NewImage: { status: { S: FilterRule.exists() } } },
        }),
      ],
      // One change that cannot be announced is found among a hundred, and those behind it go on.
      bisectBatchOnError: true,
      retryAttempts: 10,
      maxRecordAge: LONGEST,
      onFailure: { bind: () => ({ destination: failed.queueArn }) },
    });
    alarms.raise('announcements are late', {
      metric: announce.lambda.metric('IteratorAge', {
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: Duration.minutes(5).toMilliseconds(),
      periods: 3,
      means: 'Other systems hear of changes of clips more than five minutes late.',
      runbook: 'announcements-are-late',
    });
  }
}
