/** Reads the arguments of `make deploy`: settings for the CDK app, the branding, and the first operator. */

import { parseArgs } from 'node:util';

import { RootConstruct } from 'constructs';

import { readContextSettings } from '../lib/settings/read-settings.ts';
import type { Settings } from '../lib/settings/settings.ts';

export interface DeployArguments {
  /** The settings as given: `-c key=value`. */
  readonly context: Readonly<Record<string, string>>;
  /** The first operator's e-mail address. */
  readonly operator: string | undefined;
  /** Whether only the pages are uploaded. */
  readonly pagesOnly: boolean;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function readArguments(given: readonly string[]): DeployArguments {
  const { values } = parse(given);
  const context: Record<string, string> = {};
  for (const pair of values.context ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`-c ${pair} must have the form -c key=value.`);
    context[pair.slice(0, at)] = pair.slice(at + 1);
  }
  if (values.branding !== undefined) context['branding'] = values.branding;
  return { context, operator: values.operator, pagesOnly: values['pages-only'] === true };
}

function parse(given: readonly string[]) {
  const options = {
    context: { type: 'string', multiple: true, short: 'c' },
    operator: { type: 'string' },
    branding: { type: 'string' },
    'pages-only': { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...given], options, allowPositionals: false });
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message} Use -c key=value for settings, --branding FILE for the branding, --operator EMAIL for the first operator, ` +
        'and --pages-only to upload only the pages.',
    );
  }
}

/**
 * Reads the settings as the app will.
 *
 * The deployment creates the key of a private library after the checks, so this uses placeholders for it.
 */
export function readDeploySettings(context: Readonly<Record<string, string>>): Settings {
  const root = new RootConstruct();
  const key = {
    playbackKeySecretArn: 'arn:aws:secretsmanager:',
    playbackPublicKey: '-----BEGIN PUBLIC KEY-----',
  };
  for (const [name, value] of Object.entries({ ...key, ...context }))
    root.node.setContext(name, value);
  return readContextSettings(root.node);
}
