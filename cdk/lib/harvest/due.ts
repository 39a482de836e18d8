/** The `due` queue: delayed messages that start `harvest-clip`, once a clip has aired or is queued. */

import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import {
  computeVisibilityTimeout,
  createDeadLetterQueue,
  createQueue,
} from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';

const HARVEST_TIMEOUT = Duration.seconds(60);

/** Few, because harvest jobs are few, and MediaPackage's API takes few calls a second. */
const MAX_CONCURRENCY = 2;

export interface DueProps extends Deployment {
  readonly library: Library;
  /** The environment of functions that start harvests. */
  readonly environment: Record<string, string>;
}

export class Due extends Construct {
  /** The environment of functions that send due messages. */
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
      visibilityTimeout: computeVisibilityTimeout(HARVEST_TIMEOUT),
      deadLetterQueue: { queue: failed, maxReceiveCount: 5 },
    });
    this.environment = { DUE_QUEUE_URL: this.queue.queueUrl };

    this.harvest = new RustFunction(this, 'Harvest', {
      ...props,
      bin: 'harvest-clip',
      description: 'Starts the harvest job of a clip that is due, and of queued clips',
      environment: { ...props.library.environment, ...props.environment, ...this.environment },
      timeout: HARVEST_TIMEOUT,
    });
    this.harvest.lambda.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 1, maxConcurrency: MAX_CONCURRENCY }),
    );
    props.library.grantWrite(this.harvest);
    this.grantSendDueMessages(this.harvest);
  }

  /** Lets a function query the harvest queue and send due messages. */
  grantSendDueMessages(sender: RustFunction): void {
    this.library.grantQuery(sender, 'waiting');
    sender.allow({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
  }
}
