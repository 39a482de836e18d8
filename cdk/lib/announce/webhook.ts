/** A webhook: a queue of change events for one subscriber, and the function that delivers them. */

import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { createDeadLetterQueue, createQueue } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import { findTimeout } from '../function/timeouts.ts';
import type { WebhookSettings } from '../settings/settings.ts';
import { CHANGE_EVENTS } from './announce.ts';

/** With the delays that `deliver-webhook` sets between attempts, they span about half a day. */
const MAX_ATTEMPTS = 12;

/** Concurrent calls to one subscriber, so that a slow subscriber is not overloaded. */
const MAX_CONCURRENCY = 5;

/** If the queue was not empty for 30 minutes, the subscriber is failing. */
const BEHIND = { period: Duration.minutes(5), periods: 6 };

export interface WebhookProps extends Deployment {
  readonly webhook: WebhookSettings;
}

export class Webhook extends Construct {
  constructor(scope: Construct, id: string, props: WebhookProps) {
    super(scope, id);
    const { settings, alarms, webhook } = props;
    const failed = createDeadLetterQueue(this, 'Undelivered');
    const undelivered = alarms.createQueueAlarm(`webhook ${webhook.name}`, failed, {
      runbook: 'webhook-messages-that-failed',
    });
    const queue = createQueue(this, 'Changes', {
      // As AWS advises: six times the timeout of the function. The function sets longer delays itself.
      visibilityTimeout: Duration.seconds(6 * findTimeout('deliver-webhook').toSeconds()),
      deadLetterQueue: { queue: failed, maxReceiveCount: MAX_ATTEMPTS },
    });
    new Rule(this, 'Changed', {
      description: `Queues change events for ${webhook.name}`,
      eventPattern: CHANGE_EVENTS,
      targets: [new SqsQueue(queue, { deadLetterQueue: failed })],
    });

    const deliver = new RustFunction(this, 'Deliver', {
      settings,
      alarms,
      bin: 'deliver-webhook',
      variant: webhook.name,
      description: `Sends webhook messages to ${webhook.name}`,
      environment: {
        WEBHOOK_URL: webhook.url,
        WEBHOOK_SECRET_ARN: webhook.secretArn,
        WEBHOOK_QUEUE_URL: queue.queueUrl,
      },
      // The function fails whenever the subscriber refuses a message. Only lasting failures need an alarm.
      hasOwnFailureAlarm: true,
    });
    // The event source also grants ChangeMessageVisibility, which sets the delay of the next attempt.
    deliver.lambda.addEventSource(
      new SqsEventSource(queue, { batchSize: 1, maxConcurrency: MAX_CONCURRENCY }),
    );
    deliver.allow({ actions: ['secretsmanager:GetSecretValue'], resources: [webhook.secretArn] });

    const behind = alarms.createAlarm(`webhook ${webhook.name} is behind`, {
      // Messages that wait for their next attempt are invisible.
      metric: queue.metricApproximateNumberOfMessagesNotVisible({
        period: BEHIND.period,
        statistic: 'Minimum',
      }),
      threshold: 1,
      periods: BEHIND.periods,
      missingData: 'good',
      description: `For 30 minutes, ${webhook.name} has had undelivered webhook messages.`,
      runbook: 'a-webhook-is-behind',
    });
    // Both have one cause: the subscriber.
    alarms.addComposite(`webhook ${webhook.name} fails`, [behind, undelivered], {
      description: `${webhook.name} has not accepted webhook messages for 30 minutes, or on every attempt.`,
      runbook: 'a-webhook-is-behind',
    });
  }
}
