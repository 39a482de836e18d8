/** A subscriber that is called: its queue of changes, and the function that delivers them one by one. */

import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { keptQueue, undeliveredQueue } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { WebhookSettings } from '../settings/settings.ts';
import { STATE_CHANGED } from './announce.ts';

const DELIVERY_TIMEOUT = Duration.seconds(30);

/** With the pauses that deliver-webhook makes, half a day of a subscriber's trouble is waited out. */
const TRIES = 12;

/** Calls at a time: a subscriber that is slow is not to be drowned. */
const AT_ONCE = 5;

/** A queue that was not empty for half an hour is one whose subscriber is in trouble. */
const TROUBLED = { period: Duration.minutes(5), periods: 6 };

export interface WebhookProps extends Deployment {
  readonly webhook: WebhookSettings;
}

export class Webhook extends Construct {
  constructor(scope: Construct, id: string, props: WebhookProps) {
    super(scope, id);
    const { settings, alarms, webhook } = props;
    const failed = undeliveredQueue(this, 'Undelivered');
    alarms.ofUndelivered(`webhook ${webhook.name}`, failed, 'a-webhook-gave-up');
    const queue = keptQueue(this, 'Changes', {
      // As AWS advises: six times what one invocation may take. The function makes pauses longer.
      visibilityTimeout: Duration.seconds(6 * DELIVERY_TIMEOUT.toSeconds()),
      deadLetterQueue: { queue: failed, maxReceiveCount: TRIES },
    });
    new Rule(this, 'Changed', {
      description: `Queues changes of clips for ${webhook.name}`,
      eventPattern: STATE_CHANGED,
      targets: [new SqsQueue(queue, { deadLetterQueue: failed })],
    });

    const deliver = new RustFunction(this, 'Deliver', {
      settings,
      alarms,
      bin: 'deliver-webhook',
      variant: webhook.name,
      description: `Tells ${webhook.name} of each change of a clip's state`,
      environment: {
        WEBHOOK_URL: webhook.url,
        WEBHOOK_SECRET_ARN: webhook.secretArn,
        WEBHOOK_QUEUE_URL: queue.queueUrl,
      },
      timeout: DELIVERY_TIMEOUT,
      // It fails whenever the subscriber does not take something; that is only worth a call if it lasts.
      mayFail: true,
    });
    // Consuming includes changing how long a message stays invisible: the pause before the next try.
    deliver.lambda.addEventSource(
      new SqsEventSource(queue, { batchSize: 1, maxConcurrency: AT_ONCE }),
    );
    deliver.may({ actions: ['secretsmanager:GetSecretValue'], resources: [webhook.secretArn] });

    alarms.raise(`webhook ${webhook.name} is behind`, {
      // Messages that wait for their next try are invisible.
      metric: queue.metricApproximateNumberOfMessagesNotVisible({
        period: TROUBLED.period,
        statistic: 'Minimum',
      }),
      threshold: 1,
      periods: TROUBLED.periods,
      means: `For half an hour, there was always something that ${webhook.name} had not taken.`,
      runbook: 'a-webhook-is-behind',
    });
  }
}
