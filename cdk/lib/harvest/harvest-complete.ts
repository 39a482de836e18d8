/** Makes a VOD asset of every finished harvest job. */

import { Duration } from 'aws-cdk-lib';

import type { Asset } from '../asset/asset.ts';
import { mayRemoveMedia } from '../asset/bucket.ts';
import { MEDIAPACKAGE, startOn } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import type { Harvest } from './harvest.ts';

export interface HarvestCompleteProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly asset: Asset;
  readonly harvest: Harvest;
}

/**
 * Starts `harvest-complete` when a harvest job ends.
 *
 * The function keeps its place under the construct of the assets: anywhere else it would have
 * another logical id, and CloudFormation would replace it.
 */
export function addHarvestComplete({
  library,
  channels,
  asset,
  harvest,
  ...deployment
}: HarvestCompleteProps): void {
  const { undelivered } = asset;
  const harvestComplete = new RustFunction(asset, 'HarvestComplete', {
    ...deployment,
    bin: 'harvest-complete',
    description: 'A finished harvest job becomes a VOD asset',
    environment: {
      ...library.environment,
      ...asset.environment,
      ...harvest.due.environment,
      CHANNELS: channels.json,
    },
    timeout: Duration.seconds(60),
    undelivered,
  });
  library.mayWrite(harvestComplete);
  asset.mayMakeAssets(harvestComplete);
  mayRemoveMedia(harvestComplete, harvest.bucket);
  harvest.due.mayWake(harvestComplete);
  startOn(
    asset,
    'Harvested',
    {
      source: [MEDIAPACKAGE],
      detailType: ['MediaPackage HarvestJob Notification'],
      detail: {
        harvest_job: {
          origin_endpoint_id: channels.harvestEndpointIds,
          status: ['SUCCEEDED', 'FAILED'],
        },
      },
    },
    harvestComplete,
    undelivered,
  );
}
