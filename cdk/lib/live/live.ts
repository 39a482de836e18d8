/** A live channel: where the encoder pushes to, the ladder made of it, and where it is watched. */

import { Fn } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnChannel, CfnInput, type CfnInputSecurityGroup } from 'aws-cdk-lib/aws-medialive';
import { CfnOriginEndpoint, CfnChannel as CfnPackageChannel } from 'aws-cdk-lib/aws-mediapackage';
import { Construct } from 'constructs';
import { arn } from '../function/function.ts';
import { type CdnIdentifier, identifierOf } from '../mediapackage/cdn-identifier.ts';
import { type KeyServer, systemIds } from '../mediapackage/key-server.ts';
import { allow, allowWide } from '../permission/permission.ts';
import type { ChannelSettings, Settings } from '../settings/settings.ts';
import type { LiveOrigin } from './channels.ts';
import { encoderSettings } from './ladder.ts';

/** How much a player that joins is shown of what was: a minute. */
const PLAYLIST_SECONDS = 60;

export interface LiveProps {
  readonly settings: Settings;
  readonly channel: ChannelSettings;
  /** Whom the inputs take a stream from. */
  readonly encoders: CfnInputSecurityGroup;
  readonly cdnIdentifier: CdnIdentifier;
  /** Where live is encrypted. */
  readonly keyServer: KeyServer | undefined;
}

export class Live extends Construct {
  readonly origin: LiveOrigin;
  readonly channelId: string;
  /** Where the encoder pushes to: one URL, or two of a redundant channel. */
  readonly ingestUrls: string;

  constructor(scope: Construct, id: string, props: LiveProps) {
    super(scope, id);
    const { settings, channel } = props;
    const name = `${settings.name}-${channel.id}`;

    const packaging = new CfnPackageChannel(this, 'Packaging', { id: name });
    const input = new CfnInput(this, 'Input', {
      name,
      type: settings.input,
      inputSecurityGroups: [props.encoders.ref],
      ...(settings.input === 'RTMP_PUSH' ? { destinations: streams(settings, channel) } : {}),
    });
    // cfn-lint takes MediaLive's security groups for EC2's, whose ids look otherwise.
    input.cfnOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ['E1041'] } } };
    this.ingestUrls = Fn.join(' ', input.attrDestinations);
    const role = this.encoderRole(packaging);
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
          inputSettings: { sourceEndBehavior: 'CONTINUE' },
        },
      ],
      destinations: [{ id: 'package', mediaPackageSettings: [{ channelId: packaging.ref }] }],
      encoderSettings: encoderSettings(settings),
    });
    medialive.node.addDependency(role);
    this.channelId = medialive.ref;

    const watched = this.endpoint('Public', name, packaging, props, {
      origination: 'ALLOW',
      authorization: props.cdnIdentifier.authorization,
      ...encryption(props, channel.id),
    });
    // MediaPackage uses its roles when the endpoint is made: they have to be complete by then.
    watched.node.addDependency(
      props.cdnIdentifier,
      ...(props.keyServer === undefined ? [] : [props.keyServer]),
    );
    const encrypted = props.keyServer !== undefined;
    if (encrypted) {
      // MediaPackage VOD takes no encrypted source. Nobody can watch this one, but harvests read it;
      // its segments are those of the public one, whose manifest tells their bounds.
      this.endpoint('Clear', `${name}-clear`, packaging, props, { origination: 'DENY' });
    }
    this.origin = {
      harvestEndpointId: encrypted ? `${name}-clear` : name,
      manifest: watched.attrUrl,
      cdnIdentifier: identifierOf(props.cdnIdentifier.secret),
      medialiveChannelId: this.channelId,
    };
  }

  private endpoint(
    id: string,
    name: string,
    packaging: CfnPackageChannel,
    { settings }: LiveProps,
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
        // Windows are counted on this clock, so every segment tells it.
        programDateTimeIntervalSeconds: settings.segmentSeconds,
        playlistType: 'NONE',
        useAudioRenditionGroup: false,
        includeIframeOnlyStream: false,
        adMarkers: 'PASSTHROUGH',
        ...(hlsEncryption === undefined ? {} : { encryption: hlsEncryption }),
      },
      ...rest,
    });
  }

  /** MediaLive asks MediaPackage where to push to, and writes a log; that an account could be named as its source is not documented. */
  private encoderRole(packaging: CfnPackageChannel): Role {
    const role = new Role(this, 'EncoderRole', {
      description: 'What MediaLive may do to push into MediaPackage',
      assumedBy: new ServicePrincipal('medialive.amazonaws.com'),
    });
    allow(role, { actions: ['mediapackage:DescribeChannel'], resources: [packaging.attrArn] });
    allowWide(role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      resources: [`${arn(this, 'logs', 'log-group')}:ElementalMediaLive:*`],
      because: 'MediaLive names the streams of its one log group itself.',
    });
    allow(role, {
      actions: ['logs:CreateLogGroup'],
      resources: [`${arn(this, 'logs', 'log-group')}:ElementalMediaLive`],
    });
    return role;
  }
}

interface EndpointOptions {
  readonly origination: 'ALLOW' | 'DENY';
  readonly authorization: CfnOriginEndpoint.AuthorizationProperty;
  readonly encryption: CfnOriginEndpoint.HlsEncryptionProperty;
}

/** The stream names of an RTMP input, a pipeline each. */
function streams(settings: Settings, channel: ChannelSettings): { streamName: string }[] {
  const pipelines = settings.redundant ? ['a', 'b'] : ['a'];
  return pipelines.map((pipeline) => ({ streamName: `${channel.id}/${pipeline}` }));
}

function encryption(
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
        systemIds: systemIds('hlsPackage', drm.systems),
      },
    },
  };
}
