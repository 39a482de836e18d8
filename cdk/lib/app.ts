/** The stacks of a deployment. */

import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

import type { LiveOrigin } from './channels.ts';
import { readContract } from './contract.ts';
import { EmulatorSynthesizer } from './emulator.ts';
import { settingsOf } from './settings.ts';
import { Vod } from './vod-stack.ts';

const ROOT = `${import.meta.dirname}/../..`;

export function matchcut(props?: AppProps): App {
  const app = new App(props);
  const settings = settingsOf(app.node);
  const { account, region, name } = settings;
  const env = { region, ...(account === undefined ? {} : { account }) };
  const emulator = EmulatorSynthesizer.asked(app.node);

  const origins = new Map<string, LiveOrigin>();
  new Vod(app, 'Vod', {
    stackName: `${name}-vod`,
    description: 'Matchcut: clips of a live stream as a VOD library',
    env,
    settings,
    contract: readContract(`${ROOT}/functions/openapi.yaml`),
    packagingGroup: `${ROOT}/packaging-groups/default.json`,
    origins,
    ...(emulator === undefined ? {} : { synthesizer: emulator }),
  });
  Tags.of(app).add('service', name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}
