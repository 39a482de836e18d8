/** Marks a clip as ready when every format of its asset plays. */

import { MEDIAPACKAGE, startOnEvent } from '../function/events.ts';
import { type Deployment, formatArn, RustFunction } from '../function/function.ts';
import { buildAssetExpiryEnvironment, type Library } from '../library/library.ts';
import type { Asset } from './asset.ts';

export interface AssetPlayableProps extends Deployment {
  readonly library: Library;
  readonly asset: Asset;
}

/**
 * Starts `asset-playable` when a format of an asset plays, and when its ingest failed.
 *
 * The function is a child of the construct `Asset`, like `harvest-complete`: another parent would
 * change its logical id, and CloudFormation would replace it.
 */
export function addAssetPlayable({ library, asset, ...deployment }: AssetPlayableProps): void {
  const { deadLetterQueue } = asset;
  const assetPlayable = new RustFunction(asset, 'AssetPlayable', {
    ...deployment,
    bin: 'asset-playable',
    description: 'Marks a clip as ready when every format of its asset plays',
    environment: {
      ...library.environment,
      ...asset.prefixEnvironment,
      ...buildAssetExpiryEnvironment(deployment.settings),
    },
    deadLetterQueue,
  });
  library.grantWrite(assetPlayable);
  const source = [MEDIAPACKAGE];
  const detailType = ['MediaPackage Input Notification'];
  const configurationIds = asset.packagings.flatMap((it) => it.packaging.configurationIds);
  const playable = {
    source,
    detailType,
    detail: { event: ['VodAssetPlayable'], packaging_configuration_id: configurationIds },
  };
  startOnEvent(asset, 'Playable', playable, assetPlayable, deadLetterQueue);
  // An ingest error names only its asset, and live channels use the same detail type.
  const failed = {
    source,
    detailType,
    resources: [
      { prefix: `${formatArn(asset, 'mediapackage-vod', 'assets')}/` },
    ] as unknown as string[],
    detail: { event: ['IngestError'] },
  };
  startOnEvent(asset, 'IngestFailed', failed, assetPlayable, deadLetterQueue);
}
