/** The sweep: asks AWS every minute about each clip that should have changed its state by now. */

import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';

import type { Metrics } from '../alarms/metrics.ts';
import type { Asset } from '../asset/asset.ts';
import type { Channel } from '../channel/channel.ts';
import type { Export } from '../export/export.ts';
import { createDeadLetterQueue } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Harvest } from '../harvest/harvest.ts';
import {
  buildAssetExpiryEnvironment,
  buildExpiryEnvironment,
  buildFilesEnvironment,
  type Library,
} from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import type { Upload } from '../upload/upload.ts';

/** Of the 60 sweeps of an hour. If more are dropped, clips wait for minutes instead of one minute. */
const MAX_DROPPED = 30;

const PERIOD = Duration.minutes(1);

export interface SweepProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly channel: Channel;
  readonly harvest: Harvest;
  readonly asset: Asset;
  readonly upload: Upload;
  readonly exports: Export;
  readonly metrics: Metrics;
}

/**
 * Starts `sweep-library` every minute, with the permissions of every stage.
 *
 * One sweep runs at a time: two would ask AWS the same questions, and MediaPackage's API takes few
 * calls a second. A run that cannot start within a minute is dropped, because the next one is due.
 * The queue holds the dropped runs of the last hour: if a sweep of the library takes more than a
 * minute, some are dropped all the time.
 *
 * The function is a child of the construct `Library`: another parent would change its logical id, and
 * CloudFormation would replace it.
 */
export function addSweep(props: SweepProps): void {
  const { settings, alarms, library, channels, channel, harvest, asset, upload, metrics } = props;
  const dropped = createDeadLetterQueue(library, 'Dropped', { retentionPeriod: Duration.hours(1) });
  alarms.addQueueAlarm('dropped sweeps of the last hour', dropped, {
    id: 'sweeps of the last hour',
    runbook: 'sweeps-are-dropped',
    threshold: MAX_DROPPED,
    cause: 'late',
  });
  const sweep = new RustFunction(library, 'Sweep', {
    settings,
    alarms,
    bin: 'sweep-library',
    description: 'Checks pending clips, measures live edges and marks ad breaks',
    environment: {
      ...library.environment,
      ...harvest.harvestEnvironment,
      ...channels.originEnvironment,
      ...harvest.due.environment,
      ...asset.environment,
      ...upload.environment,
      ...metrics.environment,
      ...buildExpiryEnvironment(settings),
      ...buildAssetExpiryEnvironment(settings),
      ...buildFilesEnvironment(settings),
    },
    reservedConcurrency: 1,
    retryAttempts: 0,
    maxEventAge: PERIOD,
    deadLetterQueue: dropped,
  });
  library.grantWrite(sweep);
  library.grantQuery(sweep, 'unfinished');
  harvest.grantHarvest(sweep);
  harvest.grantListHarvests(sweep);
  harvest.due.grantSendDueMessages(sweep);
  asset.grantCreateAssets(sweep);
  asset.grantCountAssets(sweep);
  upload.grantSweep(sweep);
  props.exports.grantSweep(sweep);
  channel.grantObserve(sweep);
  // The marks of ad breaks.
  library.grantCreateMarks(
    sweep,
    channels.all.map((it) => it.settings.id),
  );

  new Rule(library, 'EveryMinute', {
    description: `Starts ${sweep.bin}`,
    schedule: Schedule.rate(PERIOD),
    targets: [
      new LambdaFunction(sweep.lambda, {
        deadLetterQueue: dropped,
        retryAttempts: 0,
        maxEventAge: PERIOD,
      }),
    ],
  });
  alarms.addAlarm('the sweep does not run', {
    id: 'the sweep is silent',
    metric: sweep.lambda.metricInvocations({ period: Duration.minutes(10) }),
    threshold: 1,
    alarmsBelow: true,
    missingData: 'bad',
    cause: 'late',
    description: 'No sweep ran for 10 minutes. Clips whose event was lost stay pending.',
    runbook: 'the-sweep-does-not-run',
  });
}
