/** The `due` queue: delayed messages that start `harvest-clip`, once a clip has aired or is queued. */

import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import {
  computeVisibilityTimeout,
  createDeadLetterQueue,
  createQueue,
} from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import { findTimeout } from '../function/timeouts.ts';
import type { Library } from '../library/library.ts';

/** Few, because harvest jobs are few, and MediaPackage's API takes few calls a second. */
const MAX_CONCURRENCY = 2;

/** A function processes the messages of a batch at the same time: each may wait for a segment. */
const BATCH_SIZE = 10;

export interface DueProps extends Deployment {
  readonly library: Library;
  /** The environment of functions that start harvests. */
  readonly environment: Record<string, string>;
}

export class Due extends Construct {
  /** The environment of functions that send or postpone due messages. */
  readonly environment: Record<string, string>;
  readonly queue: Queue;
  readonly harvest: RustFunction;
  private readonly library: Library;

  constructor(scope: Construct, id: string, props: DueProps) {
    super(scope, id);
    this.library = props.library;
    const failed = createDeadLetterQueue(this, 'Unharvested');
    props.alarms.addQueueAlarm('due messages', failed, {
      id: 'due clips',
      runbook: 'due-messages-that-failed',
    });
    this.queue = createQueue(this, 'Clips', {
      // The event source takes no message without a free function, so no message waits for one.
      visibilityTimeout: computeVisibilityTimeout(findTimeout('harvest-clip')),
      deadLetterQueue: { queue: failed, maxReceiveCount: 5 },
    });
    this.environment = { DUE_QUEUE_URL: this.queue.queueUrl };

    this.harvest = new RustFunction(this, 'Harvest', {
      ...props,
      bin: 'harvest-clip',
      description: 'Starts the harvest job of a clip that is due, and of queued clips',
      environment: { ...props.library.environment, ...props.environment, ...this.environment },
    });
    this.harvest.lambda.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: BATCH_SIZE,
        maxConcurrency: MAX_CONCURRENCY,
        reportBatchItemFailures: true,
      }),
    );
    props.library.grantWrite(this.harvest);
    // The event source also grants ChangeMessageVisibility, which postpones the message of a late clip.
    // The function must not send messages to its own queue: Lambda stops such a chain after about 16 runs.
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    props.library.grantQuery(this.harvest, 'waiting');
  }

  /** Lets a function query the harvest queue and send due messages. */
  grantSendDueMessages(sender: RustFunction): void {
    this.library.grantQuery(sender, 'waiting');
    this.grantSend(sender);
  }

  /** Lets a function send due messages, without a look at the harvest queue. */
  grantSend(sender: RustFunction): void {
    sender.allow({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
  }
}
