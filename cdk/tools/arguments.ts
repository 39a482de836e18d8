/** The arguments of `make deploy`: the app's settings, passed on to cdk, and a few of our own. */

import { parseArgs } from 'node:util';

import { RootConstruct } from 'constructs';

import { type Settings, settingsOf } from '../lib/settings/settings.ts';

export interface DeployArguments {
  /** The settings as they were given: `-c key=value`. */
  readonly context: Readonly<Record<string, string>>;
  /** The first operator's e-mail address. */
  readonly operator: string | undefined;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function readArguments(given: readonly string[]): DeployArguments {
  const { values } = parse(given);
  const context: Record<string, string> = {};
  for (const pair of values.context ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`-c ${pair} is not of the form -c key=value.`);
    context[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return { context, operator: values.operator };
}

function parse(given: readonly string[]) {
  const options = {
    context: { type: 'string', multiple: true, short: 'c' },
    operator: { type: 'string' },
  } as const;
  try {
    return parseArgs({ args: [...given], options, allowPositionals: false });
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message} Give settings as -c key=value, the first operator as --operator EMAIL.`,
    );
  }
}

/**
 * The settings that the app will find.
 *
 * A private library's key is made by the deployment itself, after the checks: until then, something
 * of its form stands in its place.
 */
export function settingsIn(context: Readonly<Record<string, string>>): Settings {
  const root = new RootConstruct();
  const key = {
    playbackKeySecretArn: 'arn:aws:secretsmanager:',
    playbackPublicKey: '-----BEGIN PUBLIC KEY-----',
  };
  for (const [name, value] of Object.entries({ ...key, ...context }))
    root.node.setContext(name, value);
  return settingsOf(root.node);
}
