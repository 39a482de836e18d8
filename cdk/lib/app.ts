/** Creates the CDK app with the stacks Live, Firewall and Vod. */

import { resolve } from 'node:path';

import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

import { type Contract, readContract } from './api/contract.ts';
import { readPackagingGroups, refuseMixedSounds } from './asset/packaging-groups.ts';
import { refuseTooManyBehaviors } from './delivery/delivery.ts';
import { EmulatorSynthesizer } from './emulator/emulator.ts';
import { FIREWALL_REGION, Firewall } from './firewall-stack.ts';
import { LiveStack } from './live-stack.ts';
import { readBranding } from './settings/branding.ts';
import { readContextSettings } from './settings/read-settings.ts';
import { ROOT } from './settings/settings.ts';
import { Vod } from './vod-stack.ts';

export function createApp(
  props?: AppProps,
  contract: Contract = readContract(`${ROOT}/functions/openapi.yaml`),
): App {
  const app = new App(props);
  const settings = readContextSettings(app.node);
  const { account, region, name } = settings;
  const env = { region, ...(account === undefined ? {} : { account }) };
  const emulator = EmulatorSynthesizer.fromContext(app.node);

  const packagingGroups = readPackagingGroups(resolve(ROOT, settings.packagingGroups));
  refuseMixedSounds(settings.channels, packagingGroups);
  refuseTooManyBehaviors(settings, packagingGroups.length);

  const channels = settings.channels.filter((channel) => channel.originEndpoint === undefined);
  const live =
    channels.length === 0
      ? undefined
      : new LiveStack(app, 'Live', {
          stackName: `${name}-live`,
          description: 'Matchcut: the live channels',
          env,
          settings,
          channels,
        });
  if (settings.requestsPerAddress > 0) {
    new Firewall(app, 'Firewall', {
      stackName: `${name}-firewall-${region}`,
      description: `Matchcut: the firewall of the deployment in ${region}`,
      env: { ...env, region: FIREWALL_REGION },
      settings,
    });
  }
  new Vod(app, 'Vod', {
    stackName: `${name}-vod`,
    description: 'Matchcut: clips of a live stream as a VOD library',
    env,
    settings,
    contract,
    branding: readBranding(settings.branding),
    packagingGroups,
    origins: live?.origins ?? new Map(),
    ...(emulator === undefined ? {} : { synthesizer: emulator }),
  });
  Tags.of(app).add('service', name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}
