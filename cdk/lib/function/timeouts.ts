/** The timeouts of the functions, which the stand-in imposes, too. */

import { readFileSync } from 'node:fs';

import { Duration } from 'aws-cdk-lib';
import { parse } from 'yaml';

import { ROOT } from '../settings/settings.ts';

/** In seconds, by the name of the function. */
export const TIMEOUTS = parse(readFileSync(`${ROOT}/functions/timeouts.yaml`, 'utf8')) as Readonly<
  Record<string, number>
>;

/** The timeout of a function. */
export function findTimeout(bin: string): Duration {
  const seconds = TIMEOUTS[bin] ?? TIMEOUTS['default'];
  if (seconds === undefined) throw new Error('functions/timeouts.yaml has no default.');
  return Duration.seconds(seconds);
}
