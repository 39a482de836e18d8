/** The metrics that the functions write into their logs, and the alarms on them. */

import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';

import type { Alarms } from './alarms.ts';

/** The statuses of a clip, in the order in which it passes through them. */
export const STATUSES = [
  'suggested',
  'scheduled',
  'queued',
  'harvesting',
  'uploading',
  'transcoding',
  'packaging',
  'ready',
  'failed',
  'deleting',
];
export const PENDING_STATUSES = STATUSES.filter(
  (status) => !['suggested', 'ready', 'failed'].includes(status),
);

/** A harvest takes one or two minutes. A longer wait means a long queue, or a queue that does not move. */
const MAX_WAIT = Duration.minutes(10);
/** The number of clips that one day of a big event makes. */
const MIN_FREE_ASSETS = 500;
/**
 * MediaPackage sends events on a best-effort basis, so a few lost events are normal. So many in
 * 15 minutes mean that a rule is disabled or that a function fails.
 */
const MAX_REPAIRS = 10;

/**
 * The live edge of a stream on air is at most three segments old. The contract calls a channel with an
 * older one stalled.
 */
const MAX_LIVE_EDGE_AGE = Duration.seconds(30);

export class Metrics {
  private readonly namespace: string;

  constructor(name: string) {
    this.namespace = `Matchcut/${name}`;
  }

  /** The environment of functions that write metrics. */
  get environment(): Record<string, string> {
    return { METRICS_NAMESPACE: this.namespace };
  }

  metric(
    metricName: string,
    statistic: string,
    dimensionsMap: Record<string, string> = {},
    period = Duration.minutes(5),
  ): Metric {
    const label = [
      ...Object.values(dimensionsMap),
      ...(/^p\d/.test(statistic) ? [statistic] : []),
    ].join(' ');
    return new Metric({
      namespace: this.namespace,
      metricName,
      statistic,
      period,
      dimensionsMap,
      ...(label === '' ? {} : { label }),
    });
  }

  /** How old the live edge of a channel is that is on air, or should be. The sweep measures it. */
  liveEdgeAge(channel: string): Metric {
    return new Metric({
      namespace: this.namespace,
      metricName: 'LiveEdgeAgeSeconds',
      statistic: 'Maximum',
      period: Duration.minutes(1),
      dimensionsMap: { Channel: channel },
    });
  }

  /** Adds the alarm of a stalled stream, for a channel whose encoder is ours. */
  addStallAlarm(alarms: Alarms, channel: string): void {
    alarms.addAlarm(`the stream of channel ${channel} is stalled`, {
      metric: this.liveEdgeAge(channel),
      threshold: MAX_LIVE_EDGE_AGE.toSeconds(),
      // A channel that is off has no data.
      missingData: 'good',
      description: `MediaLive runs channel ${channel}, but its live edge has not moved for ${MAX_LIVE_EDGE_AGE.toSeconds()} s or more. Clips of the last seconds show what aired before.`,
      runbook: 'a-stream-is-stalled',
    });
  }

  addAlarms(alarms: Alarms): void {
    alarms.addAlarm('queued clips wait long', {
      id: 'clips wait long',
      metric: this.metric('OldestWaitingSeconds', 'Minimum'),
      threshold: MAX_WAIT.toSeconds(),
      missingData: 'keep',
      cause: 'late',
      description: 'A queued clip has waited for a free harvest job for 10 minutes or more.',
      runbook: 'queued-clips-wait-long',
    });
    alarms.addAlarm('packaging groups are nearly full', {
      metric: this.metric('AssetsFree', 'Minimum'),
      threshold: MIN_FREE_ASSETS,
      alarmsBelow: true,
      // The sweep writes the metric. While no sweep runs, the groups are as full as before.
      missingData: 'keep',
      description: `Fewer than ${MIN_FREE_ASSETS} more clips fit into the packaging groups. When the groups are full, no new clip becomes ready.`,
      runbook: 'packaging-groups-are-nearly-full',
    });
    alarms.addAlarm('events are lost', {
      id: 'events get lost',
      metric: this.metric('ClipsRepaired', 'Sum', {}, Duration.minutes(15)),
      threshold: MAX_REPAIRS,
      missingData: 'good',
      cause: 'late',
      description: `In 15 minutes, the sweep found ${MAX_REPAIRS} or more clips whose event never arrived.`,
      runbook: 'events-are-lost',
    });
  }
}
