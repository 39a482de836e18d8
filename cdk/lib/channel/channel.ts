/** Routes of operators for live channels: their states, and starting and stopping them. */

import { Construct } from 'constructs';
import { type Deployment, formatArn, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

export interface ChannelProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
}

export class Channel extends Construct {
  /** The functions behind the routes of channels. */
  readonly functions: readonly RustFunction[];
  private readonly channels: Channels;
  private readonly library: Library;

  constructor(scope: Construct, id: string, props: ChannelProps) {
    super(scope, id);
    const { library, channels } = props;
    this.channels = channels;
    this.library = library;
    const environment = {
      ...library.environment,
      ...channels.originEnvironment,
      CHANNELS: channels.json,
    };

    const list = new RustFunction(this, 'List', {
      ...props,
      bin: 'list-channels',
      description: 'GET /api/channels: the live channels, and what they are doing',
      environment,
    });
    const start = new RustFunction(this, 'Start', {
      ...props,
      bin: 'start-channel',
      description: 'POST /api/channels/{channelId}/start: starts a live channel',
      environment,
    });
    const stop = new RustFunction(this, 'Stop', {
      ...props,
      bin: 'stop-channel',
      description: 'POST /api/channels/{channelId}/stop: stops a live channel',
      environment,
    });
    this.functions = [list, start, stop];
    for (const reader of this.functions) {
      this.grantObserve(reader);
      this.allowListAlerts(reader);
    }
    this.allow(start, ['medialive:StartChannel']);
    this.allow(stop, ['medialive:StopChannel']);
  }

  /** Lets a function read the states of our channels, and record since when they are in them. */
  grantObserve(observer: RustFunction): void {
    this.library.grantObserve(
      observer,
      this.channels.all.map((channel) => channel.settings.id),
    );
    this.allow(observer, ['medialive:DescribeChannel']);
  }

  /** Lets a function read the alerts of our channels. */
  private allowListAlerts(reader: RustFunction): void {
    if (this.arns.length === 0) return;
    reader.allowWide({
      actions: ['medialive:ListAlerts'],
      resources: ['*'],
      because: 'ListAlerts has no resources that a policy could name.',
    });
  }

  /** Lets a function do something with our channels, and with no others of the account. */
  private allow(target: RustFunction, actions: readonly string[]): void {
    if (this.arns.length > 0) target.allow({ actions, resources: this.arns });
  }

  private get arns(): string[] {
    return this.channels.mediaLiveChannelIds.map((channel) =>
      formatArn(this, 'medialive', `channel:${channel}`),
    );
  }
}
