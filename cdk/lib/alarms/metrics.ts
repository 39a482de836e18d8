/** The metrics that our functions write into their logs, and what of them is an alarm. */

import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';

import type { Alarms } from './alarms.ts';

/** The statuses that a clip goes through, in the order in which it does. */
export const STATUSES = [
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
export const UNFINISHED = STATUSES.filter((status) => !['ready', 'failed'].includes(status));

/** A harvest takes a minute or two: whoever waits longer stands behind many, or is forgotten. */
const LONG_WAIT = Duration.minutes(10);
/** What a day of a big event makes. */
const FEW_ASSETS = 500;
/** A lost event now and then is what MediaPackage promises; so many are a rule that is off. */
const MANY_REPAIRS = 10;

export class Metrics {
  private readonly namespace: string;

  constructor(name: string) {
    this.namespace = `Matchcut/${name}`;
  }

  /** For whoever writes metrics. */
  get environment(): Record<string, string> {
    return { METRICS_NAMESPACE: this.namespace };
  }

  of(
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

  raise(alarms: Alarms): void {
    alarms.raise('clips wait long', {
      metric: this.of('OldestWaitingSeconds', 'Minimum'),
      threshold: LONG_WAIT.toSeconds(),
      means: 'A clip has waited for a harvest job for ten minutes or more.',
      runbook: 'clips-wait-long',
    });
    alarms.raise('packaging groups are nearly full', {
      metric: this.of('AssetsFree', 'Minimum'),
      threshold: FEW_ASSETS,
      below: true,
      means: `Fewer than ${FEW_ASSETS} more clips fit into the packaging groups; then none becomes ready any more.`,
      runbook: 'packaging-groups-are-nearly-full',
    });
    alarms.raise('events get lost', {
      metric: this.of('ClipsRepaired', 'Sum', {}, Duration.minutes(15)),
      threshold: MANY_REPAIRS,
      means: `Of ${MANY_REPAIRS} or more clips in a quarter of an hour, nothing but the sweep noticed that they had moved on.`,
      runbook: 'events-get-lost',
    });
  }
}
