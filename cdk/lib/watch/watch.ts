/** Monitoring: alarms of channels and metrics, the budget, and the dashboard. */

import { Duration, Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import type { Channels } from '../live/channels.ts';
import type { Settings } from '../settings/settings.ts';
import { createDashboard, type DashboardProps } from './dashboard.ts';

export interface WatchProps extends DashboardProps {
  readonly channels: Channels;
}

export class Watch extends Construct {
  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const { settings, alarms, channels } = props;

    for (const channel of channels.all) {
      if (channel.medialiveChannelId === undefined) continue;
      props.metrics.addStallAlarm(alarms, channel.settings.id);
      alarms.addAlarm(`channel ${channel.settings.id} has alerts`, {
        metric: countAlerts(channel.medialiveChannelId, settings.redundant ? ['0', '1'] : ['0']),
        threshold: 1,
        periods: 3,
        datapoints: 2,
        // A stopped channel has no alerts, and no data.
        missingData: 'good',
        description: `In 2 of 3 minutes, MediaLive had active alerts for channel ${channel.settings.id}, such as missing input.`,
        runbook: 'a-channel-has-alerts',
      });
    }
    if (settings.monthlyBudget !== undefined && settings.alarmEmail !== undefined) {
      this.addBudget(settings, settings.monthlyBudget, settings.alarmEmail);
    }
    props.metrics.addAlarms(alarms);
    alarms.addCauses();
    createDashboard(this, 'Dashboard', props);
  }

  /** Adds a budget for the whole account. A budget for one tag would need the tag activated for billing. */
  private addBudget({ name }: Settings, amount: number, address: string): void {
    const subscribers = [{ address, subscriptionType: 'EMAIL' }];
    const at = (threshold: number, notificationType: string) => ({
      notification: {
        comparisonOperator: 'GREATER_THAN',
        notificationType,
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers,
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        // Budgets have no region: all regions of an account share their names.
        budgetName: `${name}-${Stack.of(this).region}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount, unit: 'USD' },
      },
      notificationsWithSubscribers: [at(80, 'ACTUAL'), at(100, 'FORECASTED')],
    });
  }
}

/** The most alerts that one pipeline of a MediaLive channel has. */
function countAlerts(channelId: string, pipelines: readonly string[]): IMetric {
  const period = Duration.minutes(1);
  const metrics = pipelines.map(
    (pipeline) =>
      new Metric({
        namespace: 'AWS/MediaLive',
        metricName: 'ActiveAlerts',
        dimensionsMap: { ChannelId: channelId, Pipeline: pipeline },
        statistic: 'Maximum',
        period,
      }),
  );
  return new MathExpression({
    expression: 'MAX(FILL(METRICS(), 0))',
    usingMetrics: Object.fromEntries(metrics.map((metric, at) => [`pipeline${at}`, metric])),
    label: 'alerts',
    period,
  });
}
