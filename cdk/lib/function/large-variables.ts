/**
 * Moves settings that outgrow a function's environment into an object in S3.
 *
 * The object is an asset of the CDK: `cdk deploy` uploads it before the stack, under a name made of its
 * content. So other settings are another object, and a function never sees half of a deployment.
 * functions/src/large_variables.rs reads it, when the function starts.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { FileSystem, type IResolvable, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';

/** The variables that grow with the settings. No other variable is moved: some are secret. */
const GROWING = ['CHANNELS', 'CLIP_EXPIRY_DAYS'] as const;

/** From this length on, a variable is moved. Up to it, reading it from S3 would cost more than it saves. */
const MAX_LENGTH = 1024;

/** An environment without its large variables, and the object that a function must be able to read. */
export interface SplitEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  readonly objectArn?: string;
}

/** Moves the large variables of an environment. */
export function moveLargeVariables(
  scope: Construct,
  environment: Readonly<Record<string, string>>,
): SplitEnvironment {
  const isLarge = ([name, value]: [string, string]) =>
    GROWING.some((it) => it === name) && value.length > MAX_LENGTH;
  const large = Object.entries(environment).filter(isLarge);
  if (large.length === 0) return { environment };
  const values: IResolvable[] = [];
  const content = large.map(([name, value]) => [name, replaceTokens(value, values)]);
  const path = join(FileSystem.mkdtemp('settings-'), 'settings.json');
  writeFileSync(path, JSON.stringify(Object.fromEntries(content)));
  const { s3BucketName, s3ObjectKey, bucket } = new Asset(scope, 'Settings', { path });
  const others = Object.entries(environment).filter((entry) => !isLarge(entry));
  return {
    environment: {
      ...Object.fromEntries(others),
      SETTINGS_OBJECT: `s3://${s3BucketName}/${s3ObjectKey}`,
      SETTINGS_VALUES: Stack.of(scope).toJsonString(values.map((it) => Token.asString(it))),
    },
    objectArn: bucket.arnForObjects(s3ObjectKey),
  };
}

/** Replaces each text that is known only at deployment by its number in `values`, such as `{{0}}`. */
function replaceTokens(text: string, values: IResolvable[]): string {
  const number = (token: IResolvable): string => {
    const known = values.indexOf(token);
    return `{{${known >= 0 ? known : values.push(token) - 1}}}`;
  };
  return Tokenization.reverseString(text)
    .mapTokens({ mapToken: number })
    .join({ join: (left: string, right: string) => `${left}${right}` }) as string;
}
