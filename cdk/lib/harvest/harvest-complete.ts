/** Creates a VOD asset for every finished harvest job. */

import type { Asset } from '../asset/asset.ts';
import { grantDeleteMedia } from '../asset/bucket.ts';
import { MEDIAPACKAGE, startOnEvent } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import {
  buildAssetExpiryEnvironment,
  buildFilesEnvironment,
  type Library,
} from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import type { Harvest } from './harvest.ts';

/** The functions that start MediaConvert jobs for the files of a clip. */
export interface FileJobs {
  readonly filesEnvironment: Record<string, string>;
  grantStartFileJobs(harvestComplete: RustFunction): void;
}

export interface HarvestCompleteProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly asset: Asset;
  readonly harvest: Harvest;
  readonly fileJobs: FileJobs;
}

/**
 * Starts `harvest-complete` when a harvest job ends.
 *
 * The function is a child of the construct `Asset`: another parent would change its logical id, and
 * CloudFormation would replace it.
 */
export function addHarvestComplete({
  library,
  channels,
  asset,
  harvest,
  fileJobs,
  ...deployment
}: HarvestCompleteProps): void {
  const { deadLetterQueue } = asset;
  const harvestComplete = new RustFunction(asset, 'HarvestComplete', {
    ...deployment,
    bin: 'harvest-complete',
    description: 'Creates the VOD asset of a finished harvest job',
    environment: {
      ...library.environment,
      ...buildAssetExpiryEnvironment(deployment.settings),
      ...buildFilesEnvironment(deployment.settings),
      ...asset.environment,
      ...fileJobs.filesEnvironment,
      ...harvest.due.environment,
      CHANNELS: channels.json,
    },
    deadLetterQueue,
  });
  library.grantWrite(harvestComplete);
  asset.grantCreateAssets(harvestComplete);
  grantDeleteMedia(harvestComplete, harvest.bucket);
  fileJobs.grantStartFileJobs(harvestComplete);
  harvest.due.grantSendDueMessages(harvestComplete);
  startOnEvent(
    asset,
    'Harvested',
    {
      source: [MEDIAPACKAGE],
      detailType: ['MediaPackage HarvestJob Notification'],
      detail: {
        harvest_job: {
          // Not the endpoints: EventBridge limits a pattern to 2,048 characters, which is 60 channels.
          // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
          s3_destination: { bucket_name: [harvest.bucket.bucketName] },
          status: ['SUCCEEDED', 'FAILED'],
        },
      },
    },
    harvestComplete,
    deadLetterQueue,
  );
}
