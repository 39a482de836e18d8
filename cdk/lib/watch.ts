/** What is looked at when something seems wrong: the dashboard; and the alarms that belong to no stage. */

import { Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import type { Channels } from './channels.ts';
import type { Deployment } from './function.ts';
import type { Library } from './library.ts';
import type { Settings } from './settings.ts';

export interface WatchProps extends Deployment {
  readonly api: HttpApi;
  readonly library: Library;
  readonly channels: Channels;
  readonly distribution: Distribution;
}

const FIVE_MINUTES = Duration.minutes(5);

export class Watch extends Construct {
  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const { settings, alarms, channels } = props;

    for (const channel of channels.all) {
      if (channel.medialiveChannelId === undefined) continue;
      for (const pipeline of settings.redundant ? ['0', '1'] : ['0']) {
        alarms.raise(`channel ${channel.settings.id} has alerts, pipeline ${pipeline}`, {
          metric: new Metric({
            namespace: 'AWS/MediaLive',
            metricName: 'ActiveAlerts',
            dimensionsMap: { ChannelId: channel.medialiveChannelId, Pipeline: pipeline },
            statistic: 'Maximum',
            period: Duration.minutes(1),
          }),
          threshold: 1,
          means: `MediaLive reports something about pipeline ${pipeline} of channel ${channel.settings.id}, such as no input.`,
          runbook: 'a-channel-has-alerts',
        });
      }
    }
    if (settings.monthlyBudget !== undefined && settings.alarmEmail !== undefined) {
      this.budget(settings, settings.monthlyBudget, settings.alarmEmail);
    }
    this.dashboard(props);
  }

  /** Costs of the whole account: a budget of one service's tag would need the tag switched on for billing first. */
  private budget({ name }: Settings, amount: number, address: string): void {
    const subscribers = [{ address, subscriptionType: 'EMAIL' }];
    const at = (threshold: number, notificationType: string) => ({
      notification: { comparisonOperator: 'GREATER_THAN', notificationType, threshold, thresholdType: 'PERCENTAGE' },
      subscribers,
    });
    new CfnBudget(this, 'Budget', {
      budget: { budgetName: name, budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount, unit: 'USD' } },
      notificationsWithSubscribers: [at(80, 'ACTUAL'), at(100, 'FORECASTED')],
    });
  }

  private dashboard({ settings, alarms, api, library, distribution }: WatchProps): void {
    const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
      new GraphWidget({ title, left, right, width: 12, height: 6 });
    // CloudFront reports to one region, wherever its viewers are.
    const delivery = (metricName: string, statistic: string) =>
      new Metric({
        namespace: 'AWS/CloudFront',
        metricName,
        statistic,
        region: 'us-east-1',
        period: FIVE_MINUTES,
        dimensionsMap: { DistributionId: distribution.distributionId, Region: 'Global' },
      });
    const of = (bin: string, metricName: string, statistic: string) =>
      new Metric({
        namespace: 'AWS/Lambda',
        metricName,
        statistic,
        label: bin,
        period: FIVE_MINUTES,
        dimensionsMap: { FunctionName: `${settings.name}-${bin}` },
      });
    new Dashboard(this, 'Dashboard', {
      dashboardName: `${settings.name}-${Stack.of(this).region}`,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: 24, height: 4 })],
        [
          graph(
            'API: requests; how long they take',
            [api.metricCount({ period: FIVE_MINUTES }), api.metricClientError({ period: FIVE_MINUTES }), api.metricServerError({ period: FIVE_MINUTES })],
            [api.metricLatency({ statistic: 'p50', period: FIVE_MINUTES }), api.metricLatency({ statistic: 'p99', period: FIVE_MINUTES })],
          ),
          graph('Delivery: requests; errors, in percent', [delivery('Requests', 'Sum')], [delivery('4xxErrorRate', 'Average'), delivery('5xxErrorRate', 'Average')]),
        ],
        [
          graph(
            'Clips: cut, harvested, ingested',
            ['create-clip', 'harvest-complete', 'asset-playable'].map((bin) => of(bin, 'Invocations', 'Sum')),
          ),
          graph('The sweep: runs; how long they take', [of('sweep-library', 'Invocations', 'Sum')], [of('sweep-library', 'Duration', 'Maximum')]),
        ],
        [
          graph('The table: capacity used', [
            library.table.metricConsumedReadCapacityUnits({ period: FIVE_MINUTES }),
            library.table.metricConsumedWriteCapacityUnits({ period: FIVE_MINUTES }),
          ]),
        ],
      ],
    });
  }
}
