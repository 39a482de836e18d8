/** Marks, moments of a live stream: their routes, and the webhook that receives them. */

import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

export interface MarkProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
}

export class Mark extends Construct {
  /** The functions behind the routes of marks. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: MarkProps) {
    super(scope, id);
    const { library, channels } = props;
    const environment = { ...library.environment, CHANNELS: channels.json };

    const create = new RustFunction(this, 'Create', {
      ...props,
      bin: 'create-mark',
      description: 'POST /api/channels/{channelId}/marks: marks a moment of a live stream',
      environment: { ...environment, ...channels.originEnvironment },
    });
    const list = new RustFunction(this, 'List', {
      ...props,
      bin: 'list-marks',
      description: 'GET /api/channels/{channelId}/marks: the marks of a channel by time',
      environment,
    });
    const remove = new RustFunction(this, 'Delete', {
      ...props,
      bin: 'delete-mark',
      description: 'DELETE /api/channels/{channelId}/marks/{markId}: deletes a mark',
      environment,
    });
    const secretArn = props.settings.marksWebhookSecretArn;
    const receive = new RustFunction(this, 'Receive', {
      ...props,
      bin: 'receive-marks',
      description: 'POST /api/webhooks/marks/{channelId}: receives a mark as a webhook message',
      environment: {
        ...environment,
        ...channels.originEnvironment,
        ...(secretArn === undefined ? {} : { MARKS_WEBHOOK_SECRET_ARN: secretArn }),
      },
    });
    if (secretArn !== undefined) {
      receive.allow({ actions: ['secretsmanager:GetSecretValue'], resources: [secretArn] });
    }
    this.functions = [create, list, remove, receive];

    const ids = channels.all.map((channel) => channel.settings.id);
    for (const writer of [create, receive]) library.grantCreateMarks(writer, ids);
    library.grantMarks(list, ids, ['dynamodb:Query']);
    library.grantMarks(remove, ids, ['dynamodb:DeleteItem']);
  }
}
