/** What viewers and operators read: lists, clips, health; and the cookies of a private library. */

import { SecretValue } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Delivery } from '../delivery/delivery.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';
import type { Settings } from '../settings/settings.ts';

export interface ViewerProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly delivery: Delivery;
}

/** What functions that show clips need to know: where viewers find them. */
export function viewEnvironment(settings: Settings, delivery: Delivery): Record<string, string> {
  const secret = settings.viewerAccess === 'private' ? settings.playbackKeySecretArn : undefined;
  return {
    VOD_BASE_URL: delivery.vodBaseUrl,
    ...(secret === undefined
      ? {}
      : {
          PLAYBACK_SEAL_KEY: SecretValue.secretsManager(secret, {
            jsonField: 'sealKey',
          }).unsafeUnwrap(),
        }),
  };
}

export class Viewer extends Construct {
  /** The functions behind the viewers' routes. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: ViewerProps) {
    super(scope, id);
    const { settings, library, channels, delivery } = props;
    const view = viewEnvironment(settings, delivery);

    const list = new RustFunction(this, 'List', {
      ...props,
      bin: 'list-clips',
      description: 'GET /api/competitions/{competitionId}/clips: the ready clips, page by page',
      environment: { ...library.environment, ...view },
    });
    library.mayQuery(list, 'active');

    const show = new RustFunction(this, 'Show', {
      ...props,
      bin: 'show-clip',
      description:
        'GET /api/competitions/{competitionId}/clips/{clipId}: one clip, whatever its state',
      environment: { ...library.environment, ...view, CHANNELS: channels.json },
    });
    library.mayFind(show);
    // A clip that waits shows its place in line.
    library.mayQuery(show, 'waiting');

    const health = new RustFunction(this, 'Health', {
      ...props,
      bin: 'show-health',
      description: 'GET /api/health: that the API answers, and its version',
      environment: {},
    });

    this.functions = [list, show, health, this.grantPlayback(props)];
  }

  /** Signs cookies with a key that CloudFront trusts; says that none are needed where viewing is public. */
  private grantPlayback({ settings, alarms, delivery }: ViewerProps): RustFunction {
    const secret = settings.playbackKeySecretArn;
    const keyPairId = delivery.playbackKeyPairId;
    const signs = secret !== undefined && keyPairId !== undefined;
    const grant = new RustFunction(this, 'Grant', {
      settings,
      alarms,
      bin: 'grant-playback',
      description:
        'POST /api/competitions/{competitionId}/playback: the cookies that open a private library',
      environment: {
        VOD_BASE_URL: delivery.vodBaseUrl,
        ...(signs
          ? {
              PLAYBACK_KEY_SECRET_ARN: secret,
              PLAYBACK_KEY_PAIR_ID: keyPairId,
              PLAYBACK_HOURS: String(settings.playbackHours),
            }
          : {}),
      },
    });
    if (signs) grant.may({ actions: ['secretsmanager:GetSecretValue'], resources: [secret] });
    return grant;
  }
}
