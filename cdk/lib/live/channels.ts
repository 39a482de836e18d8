/** The live channels, as the functions and the distribution see them. */

import { Fn, type SecretValue, Token } from 'aws-cdk-lib';
import { readIdentifier } from '../mediapackage/cdn-identifier.ts';
import { computeHourlyUsd } from '../prices/channel-hour.ts';
import type { ChannelSettings, Settings } from '../settings/settings.ts';

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
  /** The path of the manifest at the origin, after `/out/`. */
  readonly path: string;
  /** The path prefix of viewers' URLs. The distribution removes it before it asks the origin. */
  readonly prefix: string;
}

export class Channels {
  readonly all: readonly Channel[];
  /** The variable `CHANNELS`. */
  readonly json: string;
  /** The environment of functions that read the origin. */
  readonly originEnvironment: Record<string, string>;

  constructor(settings: Settings, origins: ReadonlyMap<string, LiveOrigin>, viewerUrl: string) {
    this.all = settings.channels.map((channel) => {
      const origin = origins.get(channel.id) ?? readOriginEndpoint(channel);
      const prefix = `/live/${channel.id}`;
      // https://<host>/out/v1/<id>/<name>.m3u8. It may be known only after the deployment.
      return {
        ...origin,
        settings: channel,
        prefix,
        host: Fn.select(2, Fn.split('/', origin.manifest)),
        path: Fn.select(1, Fn.split('/out/', origin.manifest)),
      };
    });
    const described = this.all.map((channel) => ({
      id: channel.settings.id,
      competition: channel.settings.competition,
      originEndpointId: channel.harvestEndpointId,
      // Of its parts, if it is known only at deployment: the viewers' manifest has the same path.
      manifest: Token.isUnresolved(channel.manifest)
        ? `https://${channel.host}/out/${channel.path}`
        : channel.manifest,
      viewerManifest: buildViewerManifest(viewerUrl, channel),
      segmentSeconds: channel.settings.originEndpoint?.segmentSeconds ?? settings.segmentSeconds,
      startoverSeconds:
        channel.settings.originEndpoint?.startoverSeconds ?? settings.startoverSeconds,
      ...(channel.settings.captions === undefined ? {} : { closedCaptions: true }),
      precision: channel.settings.precision,
      // Operators can start and stop only the channels that the stack Live made.
      ...(channel.medialiveChannelId === undefined
        ? {}
        : {
            mediaLiveChannelId: channel.medialiveChannelId,
            hourlyUsd: computeHourlyUsd(settings),
          }),
    }));
    // No text that is known only at deployment needs an escape: they are URLs and numbers.
    this.json = JSON.stringify(described);
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
}

/** The URL of a channel's manifest for viewers. */
export function buildViewerManifest(viewerUrl: string, channel: Channel): string {
  return `${viewerUrl}${channel.prefix}/out/${channel.path}`;
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
