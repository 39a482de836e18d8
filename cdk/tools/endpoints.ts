/**
 * Reads from MediaPackage what the existing endpoints of the settings are like: the length of a segment,
 * the startover window, and whether clips can be cut from them.
 */

import {
  type OriginEndpoint as Endpoint,
  ListOriginEndpointsCommand,
} from '@aws-sdk/client-mediapackage';

import type { ChannelSettings, OriginEndpoint, Settings } from '../lib/settings/settings.ts';
import { type Aws, listPages, readErrorName } from './aws.ts';
import type { Finding } from './checks.ts';

export interface Endpoints {
  /** The setting `channels`, with what was read. `undefined`: it needs no change. */
  readonly channels: readonly ChannelSettings[] | undefined;
  readonly findings: readonly Finding[];
}

/** Adds the length of a segment and the startover window to each existing endpoint. */
export async function readEndpoints(aws: Aws, settings: Settings): Promise<Endpoints> {
  const { channels } = settings;
  if (channels.every(({ originEndpoint: endpoint }) => endpoint === undefined))
    return { channels: undefined, findings: [] };
  let found: Map<string | undefined, Endpoint>;
  try {
    // One call lists up to 1,000 endpoints. MediaPackage's API takes five calls a second.
    const all = await listPages(async (NextToken) => {
      const page = await aws.live.send(
        new ListOriginEndpointsCommand({ MaxResults: 1000, ...(NextToken && { NextToken }) }),
      );
      return { items: page.OriginEndpoints, next: page.NextToken };
    });
    found = new Map(all.map((endpoint) => [endpoint.Id, endpoint]));
  } catch (error) {
    const text =
      `Could not read the origin endpoints (${readErrorName(error)}). ` +
      'Channels without segmentSeconds and startoverSeconds of their own get those of the deployment.';
    return { channels: undefined, findings: [{ kind: 'note', text }] };
  }
  const findings: Finding[] = [];
  const filled = channels.map((channel): ChannelSettings => {
    const { originEndpoint: own } = channel;
    if (own === undefined) return channel;
    const endpoint = found.get(own.id);
    const reason = endpoint === undefined ? 'does not exist in this region' : findFault(endpoint);
    if (endpoint === undefined || reason !== undefined) {
      findings.push({
        kind: 'missing',
        text: `The origin endpoint ${own.id} of channel ${channel.id} ${reason}.`,
      });
      return channel;
    }
    return { ...channel, originEndpoint: { ...own, ...readDurations(endpoint) } };
  });
  if (findings.length === 0) {
    const count = `${channels.filter((it) => it.originEndpoint !== undefined).length}`;
    findings.push({ kind: 'ok', text: `origin endpoints: clips can be cut from all ${count}` });
  }
  return { channels: filled, findings };
}

/** Why clips cannot be cut from an endpoint, with the remedy. */
function findFault({
  HlsPackage: hls,
  StartoverWindowSeconds: startover = 0,
}: Endpoint): string | undefined {
  if (hls === undefined) return 'is not an HLS endpoint. Create one for the same channel';
  if (hls.Encryption !== undefined)
    return 'is encrypted. Create an unencrypted one for the same channel, which denies origination';
  if (startover === 0) return 'has no startover window. Set one of at least an hour';
  if ((hls.ProgramDateTimeIntervalSeconds ?? 0) === 0)
    return 'writes no PROGRAM-DATE-TIME. Set its interval to the length of a segment';
  return undefined;
}

/** Without a value, MediaPackage makes segments of 6 s. */
function readDurations({
  HlsPackage: hls,
  StartoverWindowSeconds: startoverSeconds = 0,
}: Endpoint): Pick<OriginEndpoint, 'segmentSeconds' | 'startoverSeconds'> {
  return { segmentSeconds: hls?.SegmentDurationSeconds ?? 6, startoverSeconds };
}
