/**
 * `make deploy`: checks the account, builds the functions and the console, deploys the stacks with the
 * CDK, uploads the pages, and prints the outputs of the stacks. A second run deploys only changes.
 */

import { spawn } from 'node:child_process';

import { readBranding } from '../lib/settings/branding.ts';
import { type Settings, SettingsError } from '../lib/settings/settings.ts';
import { readArguments, readDeploySettings, UsageError } from './arguments.ts';
import { type Aws, connect } from './aws.ts';
import { checkAccount, checkCredentials, type Finding } from './checks.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { ensureOperator } from './operator.ts';
import { ensurePlaybackKey } from './playback-key.ts';
import { checkConsole, publishSite } from './publish.ts';
import { firewallStackName, readOutputs, stackNames } from './stacks.ts';

const ROOT = `${import.meta.dirname}/../..`;

/** The output folder of `make functions`. With another folder, the functions are not built here. */
const BUILD_FOLDER = 'target/lambda';
/** The output folder of `make console`. With another folder, the console is not built here. */
const CONSOLE_FOLDER = 'console/dist';

/** An error that is printed without its stack trace. */
class DeployError extends Error {}

async function main(): Promise<void> {
  const { context, operator, pagesOnly } = readArguments(process.argv.slice(2));
  const defaultRegion = await readDefaultRegion();
  if (defaultRegion !== undefined) process.env['CDK_DEFAULT_REGION'] = defaultRegion;
  const settings = readDeploySettings(context);
  // A mistake in the branding is reported before anything is changed.
  readBranding(settings.branding);
  const aws = connect({ region: settings.region });

  console.log('checking the account');
  const { account, finding } = await checkCredentials(aws);
  report([finding]);
  if (account === undefined) throw new DeployError('Nothing was changed.');
  let channels: Endpoints['channels'];
  if (!pagesOnly) {
    const endpoints = await readEndpoints(aws, settings);
    channels = endpoints.channels;
    const findings = [...(await checkAccount(aws, settings, account)), ...endpoints.findings];
    report(findings);
    if (findings.some((it) => it.kind === 'missing')) throw new DeployError('Nothing was changed.');
  }

  if (settings.console === CONSOLE_FOLDER) {
    console.log('building the console');
    await run('make', ['--directory', ROOT, 'console']);
  }
  checkConsole(settings);
  const all = channels === undefined ? context : { ...context, channels: JSON.stringify(channels) };
  if (!pagesOnly) await deployStacks(aws, settings, all);
  const { uploaded } = await publishSite(aws, settings);
  console.log(`uploaded ${uploaded} files of the pages`);
  if (!pagesOnly) await printOutputs(aws, settings.name, operator ?? settings.alarmEmail);
}

/** Builds the functions, and deploys the stacks with the CDK. */
async function deployStacks(
  aws: Aws,
  settings: Settings,
  context: Readonly<Record<string, string>>,
): Promise<void> {
  if (settings.functions === BUILD_FOLDER) {
    console.log('building the functions (the first build takes some minutes)');
    await run('make', ['--directory', ROOT, 'functions', `ARCHITECTURE=${settings.architecture}`]);
  }
  const made =
    settings.viewerAccess === 'private' ? await ensurePlaybackKey(aws.secrets, settings.name) : {};
  const all = { ...context, region: settings.region, ...made };
  await deployStack(
    '--all',
    settings.requestsPerAddress > 0 ? await deployFirewall(aws, settings, all) : all,
  );
}

/** Deploys the firewall. Returns the settings with its ARN, which the distribution needs. */
async function deployFirewall(
  aws: Aws,
  settings: Settings,
  context: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  await deployStack('Firewall', context);
  const stack = firewallStackName(settings.name, settings.region);
  const arn = (await readOutputs(aws.firewall, stack))?.get('WebAclArn');
  if (arn === undefined)
    throw new DeployError(`Stack ${stack} in us-east-1 has no output WebAclArn.`);
  return { ...context, webAclArn: arn };
}

async function deployStack(
  stack: string,
  context: Readonly<Record<string, string>>,
): Promise<void> {
  const unattended = process.stdin.isTTY ? [] : ['--require-approval', 'never'];
  await run('npx', [
    'cdk',
    'deploy',
    stack,
    ...unattended,
    ...Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]);
}

function report(findings: readonly Finding[]): void {
  for (const { kind, text } of findings) console.log(`  ${kind.padEnd(7)} ${text}`);
}

/** The region of the environment, or of the profile. */
async function readDefaultRegion(): Promise<string | undefined> {
  return connect()
    .sts.config.region()
    .catch(() => undefined);
}

/** Runs a program in the same terminal. */
async function run(program: string, given: readonly string[]): Promise<void> {
  const child = spawn(program, given, { cwd: `${ROOT}/cdk`, stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new DeployError(`"${program} ${given[0]}" failed. See its output above.`);
}

/** Prints the outputs of the stacks and the first operator. */
async function printOutputs(aws: Aws, name: string, email: string | undefined): Promise<void> {
  const [vod, live] = await Promise.all(
    stackNames(name).map((stack) => readOutputs(aws.cloudFormation, stack)),
  );
  const printed = [...(vod ?? []), ...(live ?? [])].filter(([key]) => key !== 'ConsoleConfig');
  for (const [key, value] of printed.sort()) console.log(`${key.padEnd(18)} ${value}`);
  const pool = vod?.get('UserPoolId');
  const app = vod?.get('OperatorClientId');
  if (pool === undefined || app === undefined) return;
  const operator = await ensureOperator(aws.cognito, pool, email);
  console.log(`${'Operator'.padEnd(18)} ${operator.email}`);
  if (operator.password === undefined) return;
  console.log(`${'Password'.padEnd(18)} ${operator.password}`);
  console.log(`The password is shown only now. Sign in at ${vod?.get('ConsoleUrl')}.`);
  console.log('For scripts, this command prints an access token for one hour:');
  console.log(
    `  aws cognito-idp admin-initiate-auth --auth-flow ADMIN_USER_PASSWORD_AUTH --user-pool-id ${pool} --client-id ${app} \\\n` +
      `    --auth-parameters USERNAME=${operator.email},PASSWORD=… --query AuthenticationResult.AccessToken --output text`,
  );
}

try {
  await main();
} catch (error) {
  if (
    !(error instanceof DeployError || error instanceof UsageError || error instanceof SettingsError)
  )
    throw error;
  console.error(error.message);
  process.exitCode = 1;
}
