/** The dashboard: what is looked at when something seems wrong, the most telling first. */

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
import { type Metrics, STATUSES, UNFINISHED } from '../alarms/metrics.ts';
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

/** Everything on one page, made when all alarms are. */
export function dashboard(scope: Construct, id: string, props: DashboardProps): void {
  const { settings, alarms } = props;
  new Dashboard(scope, id, {
    dashboardName: `${settings.name}-${Stack.of(scope).region}`,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: 24, height: 4 })],
      ...clips(props),
      ...service(props),
    ],
  });
}

/** How clips get on. */
function clips({ metrics, due, alarms }: DashboardProps): GraphWidget[][] {
  const { queue } = due;
  return [
    [
      graph(
        'Clips: how many came into each state',
        STATUSES.map((Status) => metrics.of('ClipsEntered', 'Sum', { Status })),
      ),
      graph(
        'Clips: how many are in each unfinished state',
        UNFINISHED.map((Status) => metrics.of('ClipsUnfinished', 'Maximum', { Status })),
      ),
    ],
    [
      graph(
        'Clips: seconds from the request to ready',
        ['live', 'upload'].flatMap((Source) =>
          ['p50', 'p95'].map((statistic) =>
            metrics.of('TimeToReadySeconds', statistic, { Source }),
          ),
        ),
      ),
      graph(
        'The queue for harvest jobs: clips; seconds that the first one waits',
        [metrics.of('ClipsWaiting', 'Maximum')],
        [metrics.of('OldestWaitingSeconds', 'Maximum')],
      ),
    ],
    [
      graph('The due queue: messages; their delays', [
        queue.metricApproximateNumberOfMessagesVisible({
          period,
          statistic: 'Maximum',
          label: 'due',
        }),
        queue.metricApproximateNumberOfMessagesDelayed({
          period,
          statistic: 'Maximum',
          label: 'not due yet',
        }),
      ]),
      graph('What failed every time: messages in dead-letter queues', alarms.undelivered),
    ],
    [
      graph('The sweep: clips that only it moved on', [metrics.of('ClipsRepaired', 'Sum')]),
      graph('The library: how many more clips fit', [metrics.of('AssetsFree', 'Minimum')]),
    ],
  ];
}

/** How the service does. */
function service({ settings, api, library, distribution }: DashboardProps): GraphWidget[][] {
  // CloudFront reports to one region, wherever its viewers are.
  const delivery = (metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/CloudFront',
      metricName,
      statistic,
      region: 'us-east-1',
      period,
      dimensionsMap: { DistributionId: distribution.distributionId, Region: 'Global' },
    });
  const of = (bin: string, metricName: string, statistic: string) =>
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
      graph(
        'API: requests; how long they take',
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
      graph(
        'Delivery: requests; errors, in percent',
        [delivery('Requests', 'Sum')],
        [delivery('4xxErrorRate', 'Average'), delivery('5xxErrorRate', 'Average')],
      ),
    ],
    [
      graph(
        'Functions that start and end what AWS Elemental does',
        [
          'create-clip',
          'harvest-clip',
          'harvest-complete',
          'transcode-upload',
          'transcode-complete',
          'asset-playable',
        ].map((bin) => of(bin, 'Invocations', 'Sum')),
      ),
      graph(
        'The sweep: runs; how long they take',
        [of('sweep-library', 'Invocations', 'Sum')],
        [of('sweep-library', 'Duration', 'Maximum')],
      ),
    ],
    [
      graph('The table: capacity used', [
        library.table.metricConsumedReadCapacityUnits({ period }),
        library.table.metricConsumedWriteCapacityUnits({ period }),
      ]),
    ],
  ];
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: 12, height: 6 });
}
