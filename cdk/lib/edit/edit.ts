/** What operators do with clips that are there: change them, delete them, try them once more. */

import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Due } from '../harvest/due.ts';
import type { Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

export interface EditProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly due: Due;
  /** What functions that show clips need to know. */
  readonly viewEnvironment: Record<string, string>;
}

export class Edit extends Construct {
  /** The functions behind the operators' routes of one clip. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: EditProps) {
    super(scope, id);
    const { library, channels, due } = props;
    const shown = { ...library.environment, ...props.viewEnvironment, CHANNELS: channels.json };

    const update = new RustFunction(this, 'Update', {
      ...props,
      bin: 'update-clip',
      description:
        'PATCH /api/competitions/{competitionId}/clips/{clipId}: another title, another end',
      environment: shown,
    });
    library.mayWrite(update);
    library.mayQuery(update, 'waiting');

    // It only marks the clip, which hides it at once; the sweep removes what there is of it.
    const remove = new RustFunction(this, 'Delete', {
      ...props,
      bin: 'delete-clip',
      description:
        'DELETE /api/competitions/{competitionId}/clips/{clipId}: hidden now, removed soon',
      environment: library.environment,
    });
    library.mayWrite(remove);

    const retry = new RustFunction(this, 'Retry', {
      ...props,
      bin: 'retry-clip',
      description:
        'POST /api/competitions/{competitionId}/clips/{clipId}/retry: a failed clip once more',
      environment: { ...shown, ...due.environment },
    });
    library.mayWrite(retry);
    due.mayWake(retry);
    this.functions = [update, remove, retry];
  }
}
