/** The stack Live: live channels without an existing endpoint. */

import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnInputSecurityGroup } from 'aws-cdk-lib/aws-medialive';
import type { Construct } from 'constructs';
import type { LiveOrigin } from './live/channels.ts';
import { Live } from './live/live.ts';
import { CdnIdentifier } from './mediapackage/cdn-identifier.ts';
import { KeyServer } from './mediapackage/key-server.ts';
import { isPushed } from './settings/input.ts';
import { type ChannelSettings, type Settings, selectInput } from './settings/settings.ts';

export interface LiveStackProps extends StackProps {
  readonly settings: Settings;
  /** The channels to make. */
  readonly channels: readonly ChannelSettings[];
}

export class LiveStack extends Stack {
  /** The origin of each channel, by the channel's id. */
  readonly origins: ReadonlyMap<string, LiveOrigin>;

  constructor(scope: Construct, id: string, props: LiveStackProps) {
    super(scope, id, props);
    const { settings, channels } = props;
    const encoders = channels.some((channel) => isPushed(selectInput(settings, channel)))
      ? new CfnInputSecurityGroup(this, 'Encoders', {
          whitelistRules: settings.encoders.map((cidr) => ({ cidr })),
        })
      : undefined;
    const cdnIdentifier = new CdnIdentifier(this, 'CdnIdentifier', settings.identifierRound);
    const keyServer =
      settings.drm?.live === true ? new KeyServer(this, 'KeyServer', settings.drm) : undefined;

    const made = channels.map((channel) => {
      const live = new Live(this, channel.id, {
        settings,
        channel,
        encoders,
        cdnIdentifier,
        keyServer,
      });
      return [channel.id, live] as const;
    });
    this.origins = new Map(made.map(([channel, { origin }]) => [channel, origin]));
    const each = (read: (live: Live) => string | undefined) =>
      made
        .map(([channel, live]) => [channel, read(live)] as const)
        .filter(([, value]) => value !== undefined)
        .map(([channel, value]) => `${channel}=${value}`)
        .join(',');
    new CfnOutput(this, 'MediaLiveChannelIds', { value: each((live) => live.channelId) });
    if (encoders !== undefined)
      new CfnOutput(this, 'IngestUrls', { value: each((live) => live.ingestUrls) });
  }
}
