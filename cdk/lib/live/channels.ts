/** The live channels, as the functions and the distribution know them. */

import { Fn, SecretValue, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

import type { ChannelSettings, Settings } from '../settings/settings.ts';

/** Where a channel's stream comes from, made by the stack Live or there before. */
export interface LiveOrigin {
  /** MediaPackage's id of the endpoint that clips are harvested from. */
  readonly harvestEndpointId: string;
  /** The manifest that viewers watch, at its origin. */
  readonly manifest: string;
  /** What the origin wants to hear from a CDN. */
  readonly cdnIdentifier?: SecretValue;
  /** MediaLive's channel, where the stack Live made it. */
  readonly medialiveChannelId?: string;
}

export interface Channel extends LiveOrigin {
  readonly settings: ChannelSettings;
  /** The origin's host. */
  readonly host: string;
  /** What a viewer's URL begins with; the distribution takes it off again. */
  readonly prefix: string;
}

export class Channels {
  readonly all: readonly Channel[];
  /** The variable `CHANNELS`. */
  readonly json: string;
  /** What reading the origin needs besides. */
  readonly originEnvironment: Record<string, string>;

  constructor(
    scope: Construct,
    settings: Settings,
    origins: ReadonlyMap<string, LiveOrigin>,
    viewerUrl: string,
  ) {
    this.all = settings.channels.map((channel) => {
      const origin = origins.get(channel.id) ?? existing(channel);
      const prefix = `/live/${channel.id}`;
      // https://<host>/out/v1/<id>/<name>.m3u8, maybe not known before it is deployed.
      return {
        ...origin,
        settings: channel,
        prefix,
        host: Fn.select(2, Fn.split('/', origin.manifest)),
      };
    });
    this.json = Stack.of(scope).toJsonString(
      this.all.map((channel) => ({
        id: channel.settings.id,
        competition: channel.settings.competition,
        originEndpointId: channel.harvestEndpointId,
        manifest: channel.manifest,
        viewerManifest: viewerManifest(viewerUrl, channel),
        segmentSeconds: settings.segmentSeconds,
        startoverSeconds: settings.startoverSeconds,
      })),
    );
    // One value, since `create-clip` reads one: channels of the stack Live share it.
    const identifier = this.all.find(
      (channel) => channel.cdnIdentifier !== undefined,
    )?.cdnIdentifier;
    this.originEnvironment =
      identifier === undefined ? {} : { CDN_IDENTIFIER: identifier.unsafeUnwrap() };
  }

  /** The ids of the endpoints whose harvests are ours. */
  get harvestEndpointIds(): string[] {
    return this.all.map((channel) => channel.harvestEndpointId);
  }
}

/** A channel's manifest as viewers reach it. */
export function viewerManifest(viewerUrl: string, channel: Channel): string {
  return `${viewerUrl}${channel.prefix}/out/${Fn.select(1, Fn.split('/out/', channel.manifest))}`;
}

function existing(channel: ChannelSettings): LiveOrigin {
  const endpoint = channel.originEndpoint;
  if (endpoint === undefined) throw new Error(`Channel ${channel.id} comes from nowhere.`);
  const secret = endpoint.cdnIdentifierSecretArn;
  return {
    harvestEndpointId: endpoint.id,
    manifest: endpoint.manifest,
    ...(secret === undefined
      ? {}
      : {
          cdnIdentifier: SecretValue.secretsManager(secret, {
            jsonField: 'MediaPackageCDNIdentifier',
          }),
        }),
  };
}
