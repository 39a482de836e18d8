/**
 * What a deployment made while it ran, which CloudFormation knows nothing of: assets keep their
 * packaging group from being deleted, and a running channel keeps itself.
 */

import { setTimeout as wait } from 'node:timers/promises';

import {
  DescribeChannelCommand,
  type MediaLiveClient,
  StopChannelCommand,
} from '@aws-sdk/client-medialive';
import {
  DeleteAssetCommand,
  ListAssetsCommand,
  type MediaPackageVodClient,
} from '@aws-sdk/client-mediapackage-vod';

import { orUndefined, paged } from './aws.ts';

/** MediaPackage allows a few calls a second; the SDK waits and tries again beyond them. */
const AT_ONCE = 4;

/** A channel takes a minute or two to stop, a deleted asset seconds to go. */
const PATIENCE_MS = 10 * 60_000;

/** Deletes all assets of a packaging group; how many there were. Their sources in S3 stay. */
export async function drainAssets(
  client: MediaPackageVodClient,
  PackagingGroupId: string,
  { progress = (_deleted: number) => {}, pollMs = 2_000 } = {},
): Promise<number> {
  const deleted = new Set<string>();
  const deadline = Date.now() + PATIENCE_MS;
  // Deleted ones can still be listed for a moment, and a clip may have come through meanwhile: only
  // an empty list is an end.
  for (;;) {
    const left = await assetsOf(client, PackagingGroupId);
    if (left.length === 0) return deleted.size;
    if (left.every((id) => deleted.has(id))) {
      if (Date.now() > deadline)
        throw new Error(
          `Packaging group ${PackagingGroupId} still has ${left.length} assets that were deleted.`,
        );
      await wait(pollMs);
    }
    for (let at = 0; at < left.length; at += AT_ONCE) {
      const some = left.slice(at, at + AT_ONCE);
      await Promise.all(
        some.map((Id) =>
          orUndefined('NotFoundException', client.send(new DeleteAssetCommand({ Id }))),
        ),
      );
      for (const id of some) deleted.add(id);
      if (at + AT_ONCE >= left.length || (at / AT_ONCE) % 25 === 24) progress(deleted.size);
    }
  }
}

async function assetsOf(
  client: MediaPackageVodClient,
  PackagingGroupId: string,
): Promise<string[]> {
  const assets = await paged(async (NextToken) => {
    const asked = client.send(
      new ListAssetsCommand({ PackagingGroupId, MaxResults: 100, NextToken }),
    );
    const found = await orUndefined('NotFoundException', asked);
    return { items: found?.Assets, next: found?.NextToken };
  });
  return assets.flatMap((asset) => asset.Id ?? []);
}

/** Stops a channel, and waits until it is; whether it ran. */
export async function stopChannel(
  client: MediaLiveClient,
  ChannelId: string,
  pollMs = 5_000,
): Promise<boolean> {
  const state = async () => {
    const found = await orUndefined(
      'NotFoundException',
      client.send(new DescribeChannelCommand({ ChannelId })),
    );
    return found?.State ?? 'DELETED';
  };
  const still = ['STARTING', 'RUNNING', 'RECOVERING', 'STOPPING', 'UPDATING'];
  let now = await state();
  if (!still.includes(now)) return false;
  const deadline = Date.now() + PATIENCE_MS;
  while (still.includes(now)) {
    if (Date.now() > deadline)
      throw new Error(
        `Channel ${ChannelId} is still ${now}; stop it in the console and try again.`,
      );
    // Refused in the midst of a change; asked again after it.
    if (now === 'RUNNING')
      await orUndefined('ConflictException', client.send(new StopChannelCommand({ ChannelId })));
    await wait(pollMs);
    now = await state();
  }
  return true;
}
