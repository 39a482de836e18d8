/** A live channel: its MediaLive input and channel, and its MediaPackage channel and endpoints. */

import { Fn } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnChannel, type CfnInputSecurityGroup } from 'aws-cdk-lib/aws-medialive';
import { CfnOriginEndpoint, CfnChannel as CfnPackageChannel } from 'aws-cdk-lib/aws-mediapackage';
import { Construct } from 'constructs';
import { formatArn } from '../function/function.ts';
import type { CdnIdentifier } from '../mediapackage/cdn-identifier.ts';
import { type KeyServer, listSystemIds } from '../mediapackage/key-server.ts';
import { allow, allowWide } from '../permission/permission.ts';
import { isPushed } from '../settings/input.ts';
import { type ChannelSettings, type Settings, selectInput } from '../settings/settings.ts';
import { hasSeveralSounds } from '../settings/tracks.ts';
import type { LiveOrigin } from './channels.ts';
import { allowInput, createInput, createInputSettings } from './input.ts';
import { createEncoderSettings } from './ladder.ts';
import { createSelectors } from './tracks.ts';

/** The length of the live playlist: how far back a player can seek without a window. */
const PLAYLIST_SECONDS = 60;

export interface LiveProps {
  readonly settings: Settings;
  readonly channel: ChannelSettings;
  /** The addresses that may push. Set if any input of the stack is pushed. */
  readonly encoders: CfnInputSecurityGroup | undefined;
  readonly cdnIdentifier: CdnIdentifier;
  /** Set if the live stream is encrypted. */
  readonly keyServer: KeyServer | undefined;
}

export class Live extends Construct {
  readonly origin: LiveOrigin;
  readonly channelId: string;
  /**
   * The URLs for the encoder, separated by a space: one, or two for a redundant channel.
   * `undefined` if MediaLive gets the stream itself.
   */
  readonly ingestUrls: string | undefined;

  constructor(scope: Construct, id: string, props: LiveProps) {
    super(scope, id);
    const { settings, channel } = props;
    const name = `${settings.name}-${channel.id}`;

    const packaging = new CfnPackageChannel(this, 'Packaging', { id: name });
    const inputSettings = selectInput(settings, channel);
    const input = createInput(this, {
      name,
      settings: inputSettings,
      streamNames: listStreams(settings, channel),
      encoders: props.encoders,
    });
    this.ingestUrls = isPushed(inputSettings) ? Fn.join(' ', input.attrDestinations) : undefined;
    const role = this.createEncoderRole(packaging);
    allowInput(role, inputSettings);
    const medialive = new CfnChannel(this, 'Channel', {
      name,
      channelClass: settings.redundant ? 'STANDARD' : 'SINGLE_PIPELINE',
      roleArn: role.roleArn,
      logLevel: 'WARNING',
      inputSpecification: {
        codec: 'AVC',
        maximumBitrate: 'MAX_20_MBPS',
        resolution: settings.ladder.some(({ height }) => height > 1080) ? 'UHD' : 'HD',
      },
      inputAttachments: [
        {
          inputId: input.ref,
          inputAttachmentName: 'encoder',
          inputSettings: { ...createInputSettings(inputSettings), ...createSelectors(channel) },
        },
      ],
      destinations: [{ id: 'package', mediaPackageSettings: [{ channelId: packaging.ref }] }],
      encoderSettings: createEncoderSettings(settings, channel),
    });
    medialive.node.addDependency(role);
    this.channelId = medialive.ref;

    const watched = this.createEndpoint('Public', name, packaging, props, {
      origination: 'ALLOW',
      authorization: props.cdnIdentifier.authorization,
      ...createEncryption(props, channel.id),
    });
    // MediaPackage uses its roles when the endpoint is created, so they must be complete by then.
    watched.node.addDependency(
      props.cdnIdentifier,
      ...(props.keyServer === undefined ? [] : [props.keyServer]),
    );
    const encrypted = props.keyServer !== undefined;
    if (encrypted) {
      // MediaPackage VOD accepts no encrypted source. Harvests read this endpoint, viewers cannot. Its
      // segments are those of the public endpoint, from whose manifest the bounds are read.
      this.createEndpoint('Clear', `${name}-clear`, packaging, props, { origination: 'DENY' });
    }
    this.origin = {
      harvestEndpointId: encrypted ? `${name}-clear` : name,
      manifest: watched.attrUrl,
      cdnIdentifier: props.cdnIdentifier.sent,
      medialiveChannelId: this.channelId,
    };
  }

  private createEndpoint(
    id: string,
    name: string,
    packaging: CfnPackageChannel,
    { settings, channel }: LiveProps,
    { encryption: hlsEncryption, ...rest }: Partial<EndpointOptions>,
  ): CfnOriginEndpoint {
    return new CfnOriginEndpoint(this, id, {
      id: name,
      channelId: packaging.ref,
      manifestName: 'index',
      startoverWindowSeconds: settings.startoverSeconds,
      hlsPackage: {
        segmentDurationSeconds: settings.segmentSeconds,
        playlistWindowSeconds: PLAYLIST_SECONDS,
        // Windows refer to this clock, so every segment carries it.
        programDateTimeIntervalSeconds: settings.segmentSeconds,
        playlistType: 'NONE',
        useAudioRenditionGroup: hasSeveralSounds(channel.audio),
        // Players scrub with pictures of the first rendition.
        includeIframeOnlyStream: true,
        adMarkers: settings.adMarkers,
        ...(hlsEncryption === undefined ? {} : { encryption: hlsEncryption }),
      },
      ...rest,
    });
  }

  /**
   * The role of MediaLive, which asks MediaPackage for its ingest URLs and writes a log.
   *
   * AWS does not document whether MediaLive sends a source account, so the role does not require one.
   */
  private createEncoderRole(packaging: CfnPackageChannel): Role {
    const role = new Role(this, 'EncoderRole', {
      description: 'Lets MediaLive push into MediaPackage',
      assumedBy: new ServicePrincipal('medialive.amazonaws.com'),
    });
    allow(role, { actions: ['mediapackage:DescribeChannel'], resources: [packaging.attrArn] });
    allowWide(role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      resources: [`${formatArn(this, 'logs', 'log-group')}:ElementalMediaLive:*`],
      because: 'MediaLive chooses the names of the streams in its log group.',
    });
    allow(role, {
      actions: ['logs:CreateLogGroup'],
      resources: [`${formatArn(this, 'logs', 'log-group')}:ElementalMediaLive`],
    });
    return role;
  }
}

interface EndpointOptions {
  readonly origination: 'ALLOW' | 'DENY';
  readonly authorization: CfnOriginEndpoint.AuthorizationProperty;
  readonly encryption: CfnOriginEndpoint.HlsEncryptionProperty;
}

/** The stream names of an RTMP input, one for each pipeline. */
function listStreams(settings: Settings, channel: ChannelSettings): string[] {
  const pipelines = settings.redundant ? ['a', 'b'] : ['a'];
  return pipelines.map((pipeline) => `${channel.id}/${pipeline}`);
}

function createEncryption(
  { settings: { drm }, keyServer }: LiveProps,
  resourceId: string,
): Partial<EndpointOptions> {
  if (drm === undefined || keyServer === undefined) return {};
  return {
    encryption: {
      encryptionMethod: 'SAMPLE_AES',
      spekeKeyProvider: {
        resourceId,
        roleArn: keyServer.role.roleArn,
        url: drm.url,
        systemIds: listSystemIds('hlsPackage', drm.systems),
      },
    },
  };
}
