/**
 * `make deploy`: checks what is needed, builds the functions, has the CDK put everything into the
 * account, and prints where it is. Run again, it changes what has changed, and nothing else.
 */

import { spawn } from 'node:child_process';

import { SettingsError } from '../lib/settings/settings.ts';
import { readArguments, settingsIn, UsageError } from './arguments.ts';
import { type Aws, connect } from './aws.ts';
import { checkAccount, checkCredentials, type Finding } from './checks.ts';
import { ensureOperator } from './operator.ts';
import { ensurePlaybackKey } from './playback-key.ts';
import { outputsOf, stackNames } from './stacks.ts';

const ROOT = `${import.meta.dirname}/../..`;

/** Where `make functions` leaves them. Whoever gives another folder has built them already. */
const BUILT = 'target/lambda';

/** What the person who runs it can do something about: told without a stack trace. */
class Stopped extends Error {}

async function main(): Promise<void> {
  const { context, operator } = readArguments(process.argv.slice(2));
  const usual = await usualRegion();
  if (usual !== undefined) process.env['CDK_DEFAULT_REGION'] = usual;
  const settings = settingsIn(context);
  const aws = connect({ region: settings.region });

  console.log('checking');
  const { account, finding } = await checkCredentials(aws);
  report([finding]);
  if (account === undefined) throw new Stopped('Nothing was changed.');
  const findings = await checkAccount(aws, settings, account);
  report(findings);
  if (findings.some((finding) => finding.kind === 'missing'))
    throw new Stopped('Nothing was changed.');

  if (settings.functions === BUILT) {
    console.log('building the functions; the first time, that takes some minutes');
    await run('make', ['--directory', ROOT, 'functions', `ARCHITECTURE=${settings.architecture}`]);
  }

  const made =
    settings.viewerAccess === 'private' ? await ensurePlaybackKey(aws.secrets, settings.name) : {};
  const all = Object.entries({ ...context, region: settings.region, ...made });
  const unattended = process.stdin.isTTY ? [] : ['--require-approval', 'never'];
  await run('npx', [
    'cdk',
    'deploy',
    '--all',
    ...unattended,
    ...all.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]);
  await print(aws, settings.name, operator ?? settings.alarmEmail);
}

function report(findings: readonly Finding[]): void {
  for (const { kind, text } of findings) console.log(`  ${kind.padEnd(7)} ${text}`);
}

/** The region of the environment or of the profile. */
async function usualRegion(): Promise<string | undefined> {
  return connect()
    .sts.config.region()
    .catch(() => undefined);
}

/** Runs a program that writes to the same terminal. */
async function run(program: string, given: readonly string[]): Promise<void> {
  const child = spawn(program, given, { cwd: `${ROOT}/cdk`, stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Stopped(`"${program} ${given[0]}" did not succeed; what it wrote says why.`);
}

/** Where everything is, and who may sign in. */
async function print(aws: Aws, name: string, email: string | undefined): Promise<void> {
  const [vod, live] = await Promise.all(
    stackNames(name).map((stack) => outputsOf(aws.cloudFormation, stack)),
  );
  for (const [key, value] of [...(vod ?? []), ...(live ?? [])].sort())
    console.log(`${key.padEnd(18)} ${value}`);
  const pool = vod?.get('UserPoolId');
  const app = vod?.get('OperatorClientId');
  if (pool === undefined || app === undefined) return;
  const operator = await ensureOperator(aws.cognito, pool, email);
  console.log(`${'Operator'.padEnd(18)} ${operator.email}`);
  if (operator.password === undefined) return;
  console.log(`${'Password'.padEnd(18)} ${operator.password}`);
  console.log('The password is shown this once. A token for an hour:');
  console.log(
    `  aws cognito-idp admin-initiate-auth --auth-flow ADMIN_USER_PASSWORD_AUTH --user-pool-id ${pool} --client-id ${app} \\\n` +
      `    --auth-parameters USERNAME=${operator.email},PASSWORD=… --query AuthenticationResult.AccessToken --output text`,
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Stopped || error instanceof UsageError || error instanceof SettingsError))
    throw error;
  console.error(error.message);
  process.exitCode = 1;
}
