/** Starts functions on events of AWS services. */

import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

import type { RustFunction } from './function.ts';

/** The source of MediaPackage's events, live and VOD. */
export const MEDIAPACKAGE = 'aws.mediapackage';

/** Starts a function on every event of a pattern. Events that cannot be delivered go to the queue. */
export function startOnEvent(
  scope: Construct,
  id: string,
  pattern: EventPattern,
  target: RustFunction,
  deadLetterQueue: IQueue,
): void {
  new Rule(scope, id, {
    description: `Starts ${target.bin}`,
    eventPattern: pattern,
    targets: [new LambdaFunction(target.lambda, { deadLetterQueue })],
  });
}

/**
 * The visibility timeout of a queue: the timeout of its function, and 10 s for the function's start.
 *
 * AWS advises six times the function's timeout, for messages that wait in a batching window or for a
 * throttled function. The queues that use this have no batching window, deliver one message at a time,
 * and start no more functions than may run. A longer timeout would delay the retry of a failed
 * message.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function computeVisibilityTimeout(timeout: Duration): Duration {
  return timeout.plus(Duration.seconds(10));
}

/** Creates a queue for messages whose every attempt failed. */
export function createDeadLetterQueue(scope: Construct, id: string, props: QueueProps = {}): Queue {
  const queue = createQueue(scope, id, props);
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'The queue is a dead-letter queue itself.',
  });
  return queue;
}

/** Creates a queue that keeps messages for 14 days, the longest time that SQS allows. */
export function createQueue(scope: Construct, id: string, props: QueueProps): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });
}
