/** Marks a clip as ready when every format of its asset plays. */

import { Duration } from 'aws-cdk-lib';

import { MEDIAPACKAGE, startOn } from '../function/events.ts';
import { arn, type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Asset } from './asset.ts';

export interface AssetPlayableProps extends Deployment {
  readonly library: Library;
  readonly asset: Asset;
}

/** Starts `asset-playable` when a format of an asset plays, and when its ingest failed. */
export function addAssetPlayable({ library, asset, ...deployment }: AssetPlayableProps): void {
  const { undelivered } = asset;
  const assetPlayable = new RustFunction(asset, 'AssetPlayable', {
    ...deployment,
    bin: 'asset-playable',
    description: 'A clip whose every format plays is ready',
    environment: library.environment,
    timeout: Duration.seconds(60),
    undelivered,
  });
  library.mayWrite(assetPlayable);
  const source = [MEDIAPACKAGE];
  const detailType = ['MediaPackage Input Notification'];
  const configurationIds = asset.packagings.flatMap((it) => it.packaging.configurationIds);
  const playable = {
    source,
    detailType,
    detail: { event: ['VodAssetPlayable'], packaging_configuration_id: configurationIds },
  };
  startOn(asset, 'Playable', playable, assetPlayable, undelivered);
  // An ingest error names only its asset, and live channels use the same detail type.
  const failed = {
    source,
    detailType,
    resources: [{ prefix: `${arn(asset, 'mediapackage-vod', 'assets')}/` }] as unknown as string[],
    detail: { event: ['IngestError'] },
  };
  startOn(asset, 'IngestFailed', failed, assetPlayable, undelivered);
}
