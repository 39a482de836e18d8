/** The live channels, as the functions and the distribution see them. */

import { Fn, type SecretValue, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

import { readIdentifier } from '../mediapackage/cdn-identifier.ts';
import { computeHourlyUsd } from '../prices/channel-hour.ts';
import { type ChannelSettings, type Settings, SettingsError } from '../settings/settings.ts';

/** The longest description of all channels, in bytes. */
const MAX_LENGTH = 3_100;

/** The origin of a channel's stream: made by the stack Live, or an existing endpoint. */
export interface LiveOrigin {
  /** MediaPackage's id of the endpoint from which clips are harvested. */
  readonly harvestEndpointId: string;
  /** The URL of the viewers' manifest at the origin. */
  readonly manifest: string;
  /** The CDN identifier that the origin requires, if any. */
  readonly cdnIdentifier?: SecretValue;
  /** The id of the MediaLive channel, if the stack Live made it. */
  readonly medialiveChannelId?: string;
}

export interface Channel extends LiveOrigin {
  readonly settings: ChannelSettings;
  /** The origin's host. */
  readonly host: string;
  /** The path prefix of viewers' URLs. The distribution removes it before it asks the origin. */
  readonly prefix: string;
}

export class Channels {
  readonly all: readonly Channel[];
  /** The variable `CHANNELS`. */
  readonly json: string;
  /** The environment of functions that read the origin. */
  readonly originEnvironment: Record<string, string>;

  constructor(
    scope: Construct,
    settings: Settings,
    origins: ReadonlyMap<string, LiveOrigin>,
    viewerUrl: string,
  ) {
    this.all = settings.channels.map((channel) => {
      const origin = origins.get(channel.id) ?? readOriginEndpoint(channel);
      const prefix = `/live/${channel.id}`;
      // https://<host>/out/v1/<id>/<name>.m3u8. It may be known only after the deployment.
      return {
        ...origin,
        settings: channel,
        prefix,
        host: Fn.select(2, Fn.split('/', origin.manifest)),
      };
    });
    const described = this.all.map((channel) => ({
      id: channel.settings.id,
      competition: channel.settings.competition,
      originEndpointId: channel.harvestEndpointId,
      manifest: channel.manifest,
      viewerManifest: buildViewerManifest(viewerUrl, channel),
      segmentSeconds: settings.segmentSeconds,
      startoverSeconds: settings.startoverSeconds,
      // Operators can start and stop only the channels that the stack Live made.
      ...(channel.medialiveChannelId === undefined
        ? {}
        : {
            mediaLiveChannelId: channel.medialiveChannelId,
            hourlyUsd: computeHourlyUsd(settings),
          }),
    }));
    refuseTooLong(described);
    this.json = Stack.of(scope).toJsonString(described);
    // One value, because the functions read one. Channels of the stack Live share it.
    const identifier = this.all.find(
      (channel) => channel.cdnIdentifier !== undefined,
    )?.cdnIdentifier;
    this.originEnvironment =
      identifier === undefined ? {} : { CDN_IDENTIFIER: identifier.unsafeUnwrap() };
  }

  /** The ids of the MediaLive channels that the stack Live made. */
  get mediaLiveChannelIds(): string[] {
    return this.all.flatMap(({ medialiveChannelId: id }) => (id === undefined ? [] : [id]));
  }

  /** The ids of the endpoints from which we harvest. */
  get harvestEndpointIds(): string[] {
    return this.all.map((channel) => channel.harvestEndpointId);
  }
}

/**
 * Refuses more channels than fit into the environment of a function.
 *
 * Lambda allows 4 KB for all variables. `sweep-library` needs nearly 1 KB for the others.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
function refuseTooLong(described: readonly object[]): void {
  // Values that are known only after the deployment are as long as AWS makes them.
  const lengths: Readonly<Record<string, number>> = {
    manifest: 125,
    viewerManifest: 120,
    mediaLiveChannelId: 7,
  };
  const known = (key: string, value: unknown) =>
    Token.isUnresolved(value) ? '?'.repeat(lengths[key] ?? 0) : value;
  const length = JSON.stringify(described, known).length;
  if (length <= MAX_LENGTH) return;
  throw new SettingsError(
    `Setting channels has ${described.length} channels, whose description is about ${length} bytes long. ` +
      `The maximum is ${MAX_LENGTH}, because Lambda allows 4 KB for the environment of a function.`,
  );
}

/** The URL of a channel's manifest for viewers. */
export function buildViewerManifest(viewerUrl: string, channel: Channel): string {
  return `${viewerUrl}${channel.prefix}/out/${Fn.select(1, Fn.split('/out/', channel.manifest))}`;
}

function readOriginEndpoint(channel: ChannelSettings): LiveOrigin {
  const endpoint = channel.originEndpoint;
  if (endpoint === undefined) throw new Error(`Channel ${channel.id} has no origin endpoint.`);
  const secret = endpoint.cdnIdentifierSecretArn;
  return {
    harvestEndpointId: endpoint.id,
    manifest: endpoint.manifest,
    ...(secret === undefined
      ? {}
      : {
          cdnIdentifier: readIdentifier(secret),
        }),
  };
}
