/** The `due` queue: clips that wait for their end to air, or for a harvest job, and who starts them. */

import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { hiddenFor, keptQueue, undeliveredQueue } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';

const HARVEST_TIMEOUT = Duration.seconds(60);

/** Two at a time: harvest jobs are few, and MediaPackage takes few calls a second. */
const AT_ONCE = 2;

export interface DueProps extends Deployment {
  readonly library: Library;
  /** What starting a harvest needs to know. */
  readonly environment: Record<string, string>;
}

export class Due extends Construct {
  /** For whoever has a clip started later. */
  readonly environment: Record<string, string>;
  readonly queue: Queue;
  readonly harvest: RustFunction;
  private readonly library: Library;

  constructor(scope: Construct, id: string, props: DueProps) {
    super(scope, id);
    this.library = props.library;
    const failed = undeliveredQueue(this, 'Unharvested');
    props.alarms.ofUndelivered('due clips', failed, 'due-clips-that-failed');
    this.queue = keptQueue(this, 'Clips', {
      // Its source takes no message that there is no function for: AT_ONCE run at most.
      visibilityTimeout: hiddenFor(HARVEST_TIMEOUT),
      deadLetterQueue: { queue: failed, maxReceiveCount: 5 },
    });
    this.environment = { DUE_QUEUE_URL: this.queue.queueUrl };

    this.harvest = new RustFunction(this, 'Harvest', {
      ...props,
      bin: 'harvest-clip',
      description: 'A clip that is due gets its harvest job, or waits on',
      environment: { ...props.library.environment, ...props.environment, ...this.environment },
      timeout: HARVEST_TIMEOUT,
    });
    this.harvest.lambda.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 1, maxConcurrency: AT_ONCE }),
    );
    props.library.mayWrite(this.harvest);
    this.mayWake(this.harvest);
  }

  /** Lets a function see who waits, and have a clip started later. */
  mayWake(waker: RustFunction): void {
    this.library.mayQuery(waker, 'waiting');
    waker.may({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
  }
}
