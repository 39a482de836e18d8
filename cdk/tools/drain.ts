/**
 * Deletes assets and stops channels before CloudFormation deletes the stacks. It cannot delete a
 * packaging group with assets, or a running channel.
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

import { ignoreError, listPages } from './aws.ts';

/** MediaPackage allows few calls a second. The SDK retries throttled calls. */
const MAX_CONCURRENCY = 4;

/** A channel needs one or two minutes to stop. A deleted asset disappears within seconds. */
const TIMEOUT_MS = 10 * 60_000;

/** Deletes all assets of a packaging group, and returns their number. Keeps their media in S3. */
export async function drainAssets(
  client: MediaPackageVodClient,
  PackagingGroupId: string,
  { progress = (_deleted: number) => {}, pollMs = 2_000 } = {},
): Promise<number> {
  const deleted = new Set<string>();
  const deadline = Date.now() + TIMEOUT_MS;
  // Deleted assets can stay in the list for a moment, and a pending clip may create another asset. So
  // the loop ends only when the list is empty.
  for (;;) {
    const left = await listAssets(client, PackagingGroupId);
    if (left.length === 0) return deleted.size;
    if (left.every((id) => deleted.has(id))) {
      if (Date.now() > deadline)
        throw new Error(
          `Packaging group ${PackagingGroupId} still has ${left.length} assets that were deleted.`,
        );
      await wait(pollMs);
    }
    for (let at = 0; at < left.length; at += MAX_CONCURRENCY) {
      const some = left.slice(at, at + MAX_CONCURRENCY);
      await Promise.all(
        some.map((Id) =>
          ignoreError('NotFoundException', client.send(new DeleteAssetCommand({ Id }))),
        ),
      );
      for (const id of some) deleted.add(id);
      if (at + MAX_CONCURRENCY >= left.length || (at / MAX_CONCURRENCY) % 25 === 24)
        progress(deleted.size);
    }
  }
}

async function listAssets(
  client: MediaPackageVodClient,
  PackagingGroupId: string,
): Promise<string[]> {
  const assets = await listPages(async (NextToken) => {
    const asked = client.send(
      new ListAssetsCommand({ PackagingGroupId, MaxResults: 100, NextToken }),
    );
    const found = await ignoreError('NotFoundException', asked);
    return { items: found?.Assets, next: found?.NextToken };
  });
  return assets.flatMap((asset) => asset.Id ?? []);
}

/** Stops a channel and waits for it. Returns whether the channel was running. */
export async function stopChannel(
  client: MediaLiveClient,
  ChannelId: string,
  pollMs = 5_000,
): Promise<boolean> {
  const state = async () => {
    const found = await ignoreError(
      'NotFoundException',
      client.send(new DescribeChannelCommand({ ChannelId })),
    );
    return found?.State ?? 'DELETED';
  };
  const still = ['STARTING', 'RUNNING', 'RECOVERING', 'STOPPING', 'UPDATING'];
  let now = await state();
  if (!still.includes(now)) return false;
  const deadline = Date.now() + TIMEOUT_MS;
  while (still.includes(now)) {
    if (Date.now() > deadline)
      throw new Error(
        `Channel ${ChannelId} is still ${now}. Stop it in the console and try again.`,
      );
    // MediaLive refuses the call during a change of state. The loop then repeats it.
    if (now === 'RUNNING')
      await ignoreError('ConflictException', client.send(new StopChannelCommand({ ChannelId })));
    await wait(pollMs);
    now = await state();
  }
  return true;
}
