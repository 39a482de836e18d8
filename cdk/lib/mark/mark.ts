/** Routes of marks: moments of a live stream that operators and other systems have noted. */

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
    this.functions = [create, list, remove];

    const ids = channels.all.map((channel) => channel.settings.id);
    library.grantCreateMarks(create, ids);
    library.grantMarks(list, ids, ['dynamodb:Query']);
    library.grantMarks(remove, ids, ['dynamodb:DeleteItem']);
  }
}
