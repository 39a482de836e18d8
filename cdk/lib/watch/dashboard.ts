/** The CloudWatch dashboard: alarms, clips, and the services behind them. */

import { Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type Metrics, PENDING_STATUSES, STATUSES } from '../alarms/metrics.ts';
import type { Deployment } from '../function/function.ts';
import type { Due } from '../harvest/due.ts';
import type { Library } from '../library/library.ts';

export interface DashboardProps extends Deployment {
  readonly metrics: Metrics;
  readonly api: HttpApi;
  readonly library: Library;
  readonly due: Due;
  readonly distribution: Distribution;
}

const period = Duration.minutes(5);

/** Creates the dashboard. Call this after all alarms were added. */
export function createDashboard(scope: Construct, id: string, props: DashboardProps): void {
  const { settings, alarms } = props;
  new Dashboard(scope, id, {
    dashboardName: `${settings.name}-${Stack.of(scope).region}`,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: 24, height: 4 })],
      ...createClipGraphs(props),
      ...createServiceGraphs(props),
    ],
  });
}

/** The states of clips, the queues, and the live edges. */
function createClipGraphs({ settings, metrics, due, alarms }: DashboardProps): GraphWidget[][] {
  const { queue } = due;
  return [
    [
      createGraph(
        'Clips that entered each state',
        STATUSES.map((Status) => metrics.metric('ClipsEntered', 'Sum', { Status })),
      ),
      createGraph(
        'Pending clips in each state',
        PENDING_STATUSES.map((Status) => metrics.metric('ClipsUnfinished', 'Maximum', { Status })),
      ),
    ],
    [
      createGraph(
        'Seconds from the request to ready',
        ['live', 'upload'].flatMap((Source) =>
          ['p50', 'p95'].map((statistic) =>
            metrics.metric('TimeToReadySeconds', statistic, { Source }),
          ),
        ),
      ),
      createGraph(
        'Harvest queue: clips (left), wait of the first clip in seconds (right)',
        [metrics.metric('ClipsWaiting', 'Maximum')],
        [metrics.metric('OldestWaitingSeconds', 'Maximum')],
      ),
    ],
    [
      createGraph('Due queue: messages', [
        queue.metricApproximateNumberOfMessagesVisible({
          period,
          statistic: 'Maximum',
          label: 'due',
        }),
        queue.metricApproximateNumberOfMessagesDelayed({
          period,
          statistic: 'Maximum',
          label: 'delayed',
        }),
      ]),
      createGraph('Messages in dead-letter queues', alarms.deadLetters),
    ],
    [
      createGraph('Clips whose event was lost, found by the sweep', [
        metrics.metric('ClipsRepaired', 'Sum'),
      ]),
      createGraph('Free assets in the packaging groups', [metrics.metric('AssetsFree', 'Minimum')]),
    ],
    [
      createGraph(
        'Seconds since the last segment of each channel on air',
        settings.channels.map(({ id }) => metrics.liveEdgeAge(id).with({ label: id })),
      ),
    ],
  ];
}

/** The API, the distribution, the functions and the table. */
function createServiceGraphs({
  settings,
  api,
  library,
  distribution,
}: DashboardProps): GraphWidget[][] {
  // CloudFront reports all its metrics to us-east-1.
  const deliveryMetric = (metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/CloudFront',
      metricName,
      statistic,
      region: 'us-east-1',
      period,
      dimensionsMap: { DistributionId: distribution.distributionId, Region: 'Global' },
    });
  const lambdaMetric = (bin: string, metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/Lambda',
      metricName,
      statistic,
      label: bin,
      period,
      dimensionsMap: { FunctionName: `${settings.name}-${bin}` },
    });
  return [
    [
      createGraph(
        'API: requests (left), latency (right)',
        [
          api.metricCount({ period }),
          api.metricClientError({ period }),
          api.metricServerError({ period }),
        ],
        [
          api.metricLatency({ statistic: 'p50', period }),
          api.metricLatency({ statistic: 'p99', period }),
        ],
      ),
      createGraph(
        'CloudFront: requests (left), errors in percent (right)',
        [deliveryMetric('Requests', 'Sum')],
        [deliveryMetric('4xxErrorRate', 'Average'), deliveryMetric('5xxErrorRate', 'Average')],
      ),
    ],
    [
      createGraph(
        'Invocations of functions that call AWS Elemental',
        [
          'create-clip',
          'harvest-clip',
          'harvest-complete',
          'transcode-upload',
          'transcode-complete',
          'asset-playable',
          'list-channels',
          'start-channel',
          'stop-channel',
        ].map((bin) => lambdaMetric(bin, 'Invocations', 'Sum')),
      ),
      createGraph(
        'Sweep: runs (left), duration (right)',
        [lambdaMetric('sweep-library', 'Invocations', 'Sum')],
        [lambdaMetric('sweep-library', 'Duration', 'Maximum')],
      ),
    ],
    [
      createGraph('Table: consumed capacity', [
        library.table.metricConsumedReadCapacityUnits({ period }),
        library.table.metricConsumedWriteCapacityUnits({ period }),
      ]),
    ],
  ];
}

function createGraph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: 12, height: 6 });
}
