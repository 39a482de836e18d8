/** Routes that viewers and operators read: lists, single clips, health, and cookies of a private library. */

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

/** The environment of functions that show clips: the URL of media, and the seal key. */
export function buildViewEnvironment(
  settings: Settings,
  delivery: Delivery,
): Record<string, string> {
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
    const view = buildViewEnvironment(settings, delivery);

    const list = new RustFunction(this, 'List', {
      ...props,
      bin: 'list-clips',
      description: 'GET /api/competitions/{competitionId}/clips: the ready clips, page by page',
      environment: { ...library.environment, ...view },
    });
    library.grantList(list);

    const show = new RustFunction(this, 'Show', {
      ...props,
      bin: 'show-clip',
      description: 'GET /api/competitions/{competitionId}/clips/{clipId}: one clip, in any state',
      environment: { ...library.environment, ...view, CHANNELS: channels.json },
    });
    library.grantRead(show);
    // A queued clip shows its position in the harvest queue.
    library.grantQuery(show, 'waiting');

    const changes = new RustFunction(this, 'Changes', {
      ...props,
      bin: 'list-changes',
      description:
        'GET /api/competitions/{competitionId}/changes: the changed clips, in every state, for operators',
      environment: { ...library.environment, ...view, CHANNELS: channels.json },
    });
    library.grantQuery(changes, 'changes');
    library.grantQuery(changes, 'waiting');

    const follow = new RustFunction(this, 'Follow', {
      ...props,
      bin: 'follow-clip',
      description:
        'GET /api/competitions/{competitionId}/changes/{clipId}: one clip, in any state, for operators',
      environment: { ...library.environment, ...view, CHANNELS: channels.json },
    });
    library.grantRead(follow);
    library.grantQuery(follow, 'waiting');

    const health = new RustFunction(this, 'Health', {
      ...props,
      bin: 'show-health',
      description: 'GET /api/health: the version of the API',
      environment: {},
    });

    this.functions = [list, show, changes, follow, health, this.addGrantPlayback(props)];
  }

  /** Adds `grant-playback`, which signs cookies. In a public library, it answers that none are needed. */
  private addGrantPlayback({ settings, alarms, delivery }: ViewerProps): RustFunction {
    const secret = settings.playbackKeySecretArn;
    const keyPairId = delivery.playbackKeyPairId;
    const signsCookies = secret !== undefined && keyPairId !== undefined;
    const grant = new RustFunction(this, 'Grant', {
      settings,
      alarms,
      bin: 'grant-playback',
      description:
        'POST /api/competitions/{competitionId}/playback: the cookies of a private library',
      environment: {
        VOD_BASE_URL: delivery.vodBaseUrl,
        ...(signsCookies
          ? {
              PLAYBACK_KEY_SECRET_ARN: secret,
              PLAYBACK_KEY_PAIR_ID: keyPairId,
              PLAYBACK_HOURS: String(settings.playbackHours),
              ...(settings.cookieDomain === undefined
                ? {}
                : { PLAYBACK_COOKIE_DOMAIN: settings.cookieDomain }),
            }
          : {}),
      },
    });
    if (signsCookies)
      grant.allow({ actions: ['secretsmanager:GetSecretValue'], resources: [secret] });
    return grant;
  }
}
