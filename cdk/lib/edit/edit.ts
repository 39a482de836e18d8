/** Edits of clips by operators: update, delete, restore and retry. */

import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Due } from '../harvest/due.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

export interface EditProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly due: Due;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
}

export class Edit extends Construct {
  /** The functions behind the operators' routes for one clip. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: EditProps) {
    super(scope, id);
    const { library, channels, due } = props;
    const viewEnvironment = {
      ...library.environment,
      ...props.viewEnvironment,
      CHANNELS: channels.json,
    };

    const update = new RustFunction(this, 'Update', {
      ...props,
      bin: 'update-clip',
      description:
        'PATCH /api/competitions/{competitionId}/clips/{clipId}: changes a clip, such as its title',
      // The end of a scheduled clip can change, so the live edge is read.
      environment: { ...viewEnvironment, ...due.environment, ...channels.originEnvironment },
    });
    library.grantWrite(update);
    due.grantSendDueMessages(update);

    // `delete-clip` only marks the clip, which hides it at once. The sweep deletes its data after the days
    // of the trash.
    const remove = new RustFunction(this, 'Delete', {
      ...props,
      bin: 'delete-clip',
      description:
        'DELETE /api/competitions/{competitionId}/clips/{clipId}: hides a clip, which the sweep then deletes',
      environment: { ...library.environment, TRASH_DAYS: String(props.settings.trashDays) },
    });
    library.grantWrite(remove);

    const restore = new RustFunction(this, 'Restore', {
      ...props,
      bin: 'restore-clip',
      description:
        'POST /api/competitions/{competitionId}/clips/{clipId}/restore: undoes the deletion of a clip',
      environment: { ...viewEnvironment, ...due.environment },
    });
    library.grantWrite(restore);
    due.grantSendDueMessages(restore);

    const retry = new RustFunction(this, 'Retry', {
      ...props,
      bin: 'retry-clip',
      description:
        'POST /api/competitions/{competitionId}/clips/{clipId}/retry: retries a failed clip',
      environment: { ...viewEnvironment, ...due.environment },
    });
    library.grantWrite(retry);
    due.grantSendDueMessages(retry);
    this.functions = [update, remove, restore, retry];
  }
}
