/** Reels: clips that are made of other clips. The sweep starts their jobs. */

import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import { buildExpiryEnvironment, type Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

export interface ReelProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
}

export class Reel extends Construct {
  /** The function behind the operators' route for reels. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: ReelProps) {
    super(scope, id);
    const { library, channels, settings, viewEnvironment } = props;
    const create = new RustFunction(this, 'Create', {
      ...props,
      bin: 'create-reel',
      description: 'POST /api/competitions/{competitionId}/reels: makes one clip of several',
      environment: {
        ...library.environment,
        ...viewEnvironment,
        ...buildExpiryEnvironment(settings),
        CHANNELS: channels.json,
      },
    });
    library.grantWrite(create);
    library.grantList(create);
    this.functions = [create];
  }
}
