/** Events of AWS services that start functions. */

import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

import type { RustFunction } from './function.ts';

/** MediaPackage, live and VOD alike. */
export const MEDIAPACKAGE = 'aws.mediapackage';

/** Has every event of a pattern start a function; what cannot be delivered is kept. */
export function startOn(
  scope: Construct,
  id: string,
  pattern: EventPattern,
  started: RustFunction,
  undelivered: IQueue,
): void {
  new Rule(scope, id, {
    description: `Starts ${started.bin}`,
    eventPattern: pattern,
    targets: [new LambdaFunction(started.lambda, { deadLetterQueue: undelivered })],
  });
}

/**
 * How long a message that has started a function starts no other: for as long as the function may run,
 * and its start may take.
 *
 * AWS advises six times the function's timeout, for messages that Lambda gathers in a batching window,
 * or holds while the function is throttled. Whoever uses this takes them one by one, without such a
 * window, and no more at once than may run. And a message whose function failed comes again no sooner
 * than this; in a FIFO queue, all those behind it wait as long.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function hiddenFor(timeout: Duration): Duration {
  return timeout.plus(Duration.seconds(10));
}

/** A queue for what failed every time. */
export function undeliveredQueue(scope: Construct, id: string, props: QueueProps = {}): Queue {
  const queue = keptQueue(scope, id, props);
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'This queue is the dead-letter queue.',
  });
  return queue;
}

/** A queue that keeps what is in it for as long as SQS keeps anything. */
export function keptQueue(scope: Construct, id: string, props: QueueProps): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });
}
