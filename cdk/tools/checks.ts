/**
 * What a deployment needs of an account, checked before anything is built: every check says in a
 * sentence what is missing and what to do about it.
 */

import { resolve } from 'node:path';
import { ListChannelsCommand } from '@aws-sdk/client-medialive';
import { DescribePackagingGroupCommand } from '@aws-sdk/client-mediapackage-vod';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
} from '@aws-sdk/client-service-quotas';
import { GetParameterCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';

import { readPackagingGroups } from '../lib/asset/packaging-groups.ts';
import { ROOT, type Settings } from '../lib/settings/settings.ts';
import { type Aws, kindOf, orUndefined, paged } from './aws.ts';
import { groupsIn, idsOf, outputsOf, resourcesOf, stackNames } from './stacks.ts';

export interface Finding {
  /** `missing` stops the deployment; a `note` is worth reading. */
  readonly kind: 'ok' | 'missing' | 'note';
  readonly text: string;
}

const ok = (text: string): Finding => ({ kind: 'ok', text });
const missing = (text: string): Finding => ({ kind: 'missing', text });
const note = (text: string): Finding => ({ kind: 'note', text });

/** The version of the bootstrap stack that the CDK's stacks ask for. */
const BOOTSTRAP = 6;

/** The codes of quotas, and what AWS gives everyone. */
const QUOTAS = {
  harvestJobs: ['mediapackage', 'L-B1B90B42'],
  assets: ['mediapackage', 'L-563EE697'],
  channels: ['medialive', 'L-D1AFAF75'],
  concurrency: ['lambda', 'L-B99A9384'],
} as const;

/** The harvest jobs that MediaPackage gives by default; clips beyond them wait their turn. */
const USUAL_HARVEST_JOBS = 10;

/** Lambda always keeps 100 for functions that reserve nothing, and the sweep reserves one. */
const LEAST_CONCURRENCY = 101;

/** The account that the credentials are of. */
export async function checkCredentials(aws: Aws): Promise<{ finding: Finding; account?: string }> {
  try {
    const { Account: account, Arn: arn } = await aws.sts.send(new GetCallerIdentityCommand({}));
    return { finding: ok(`credentials of ${arn}`), ...(account === undefined ? {} : { account }) };
  } catch (error) {
    return {
      finding: missing(
        `No usable AWS credentials were found (${kindOf(error)}). Sign in with "aws sso login" or "aws configure", ` +
          'and name the profile in AWS_PROFILE if it is not the default one.',
      ),
    };
  }
}

/** Everything else, each check by itself. */
export async function checkAccount(
  aws: Aws,
  settings: Settings,
  account: string,
): Promise<Finding[]> {
  const checks: Record<string, Promise<Finding | Finding[]>> = {
    'the account': checkAccountId(settings, account),
    'the CDK bootstrap': checkBootstrap(aws, settings, account),
    'the services of the region': checkServices(aws, settings.region),
    'the quota of harvest jobs': checkHarvestJobs(aws),
    'the quota of assets': checkAssets(aws, settings),
    'the quota of channels': checkChannels(aws, settings),
    'the quota of functions': checkConcurrency(aws),
  };
  const findings = Object.entries(checks).map(([what, check]) => {
    // Permission to look is not permission to deploy: what cannot be seen may well be there.
    return check.catch((error: unknown) => note(`Could not check ${what} (${kindOf(error)}).`));
  });
  return (await Promise.all(findings)).flat();
}

async function checkAccountId(settings: Settings, account: string): Promise<Finding[]> {
  if (settings.account === undefined || settings.account === account) return [];
  return [
    missing(
      `The credentials are of account ${account}, but the setting account says ${settings.account}.`,
    ),
  ];
}

async function checkBootstrap(aws: Aws, settings: Settings, account: string): Promise<Finding> {
  const name = '/cdk-bootstrap/hnb659fds/version';
  const found = await orUndefined(
    'ParameterNotFound',
    aws.ssm.send(new GetParameterCommand({ Name: name })),
  );
  const version = Number(found?.Parameter?.Value ?? 0);
  if (version >= BOOTSTRAP) return ok(`CDK bootstrap version ${version}`);
  return missing(
    `The account is not prepared for the CDK in ${settings.region}. Do it once with ` +
      `"cdk/node_modules/.bin/cdk bootstrap aws://${account}/${settings.region}".`,
  );
}

async function checkServices(aws: Aws, region: string): Promise<Finding> {
  const services = new Map([
    ['medialive', 'AWS Elemental MediaLive'],
    ['mediapackage', 'AWS Elemental MediaPackage'],
    ['mediaconvert', 'AWS Elemental MediaConvert'],
  ]);
  const path = (service: string) =>
    `/aws/service/global-infrastructure/regions/${region}/services/${service}`;
  // S3 is everywhere: if even that is unknown, it is the list that is missing.
  const Names = ['s3', ...services.keys()].map(path);
  const { InvalidParameters: invalid = [] } = await aws.regions.send(
    new GetParametersCommand({ Names }),
  );
  if (invalid.includes(path('s3'))) {
    return note(
      `AWS lists no services for the region ${region}; whether it has MediaLive and MediaPackage was not checked.`,
    );
  }
  const absent = [...services]
    .filter(([service]) => invalid.includes(path(service)))
    .map(([, name]) => name);
  if (absent.length === 0) return ok(`${region} has MediaLive, MediaPackage and MediaConvert`);
  return missing(
    `The region ${region} does not have ${absent.join(' and ')}. Choose another with -c region=eu-central-1, for example.`,
  );
}

async function checkHarvestJobs(aws: Aws): Promise<Finding> {
  const most = await quota(aws, 'harvestJobs');
  const raise = `Before a big event, raise "Concurrent harvest jobs" (${QUOTAS.harvestJobs[1]}) in Service Quotas.`;
  if (most === 0)
    return missing(`The account may run no harvest jobs, so no clip could be made. ${raise}`);
  const text = `${most} clips can be harvested at once; others wait their turn.`;
  return most < USUAL_HARVEST_JOBS ? note(`Only ${text} ${raise}`) : ok(`${text} ${raise}`);
}

async function checkAssets(aws: Aws, settings: Settings): Promise<Finding> {
  const most = await quota(aws, 'assets');
  const outputs = await outputsOf(aws.cloudFormation, stackNames(settings.name)[0]);
  const described = groupsIn(outputs).map(async (Id) =>
    aws.vod.send(new DescribePackagingGroupCommand({ Id })),
  );
  const used = (await Promise.all(described)).reduce(
    (sum, group) => sum + (group.ApproximateAssetCount ?? 0),
    0,
  );
  // Those to come count: a file that was just added is the remedy.
  const groups = readPackagingGroups(resolve(ROOT, settings.packagingGroups)).length;
  const room = most * groups;
  const text = `the library has ${used} of the ${room} clips it can hold`;
  const remedy = `"Assets per packaging group" (${QUOTAS.assets[1]}) in Service Quotas, or add a packaging group`;
  if (used >= room) return missing(`The library is full: ${text}. Raise ${remedy}.`);
  return used > room * 0.8 ? note(`${text}; raise ${remedy} in time.`) : ok(text);
}

async function checkChannels(aws: Aws, settings: Settings): Promise<Finding[]> {
  const wanted = settings.channels.filter((channel) => channel.originEndpoint === undefined).length;
  if (wanted === 0) return [];
  const most = await quota(aws, 'channels');
  const resources = await resourcesOf(aws.cloudFormation, stackNames(settings.name)[1]);
  const own = idsOf(resources, 'AWS::MediaLive::Channel').length;
  const all = await paged(async (token) => {
    const { Channels: items, NextToken: next } = await aws.mediaLive.send(
      new ListChannelsCommand({ NextToken: token }),
    );
    return { items, next };
  });
  const others = all.length - own;
  const text = `${wanted} of ${most} MediaLive channels, beside ${others} of others`;
  if (others + wanted <= most) return [ok(text)];
  return [
    missing(
      `The account cannot have ${text}. Raise "Channels" of MediaLive (${QUOTAS.channels[1]}) in Service Quotas.`,
    ),
  ];
}

async function checkConcurrency(aws: Aws): Promise<Finding> {
  const most = await quota(aws, 'concurrency');
  if (most >= LEAST_CONCURRENCY) return ok(`${most} functions can run at once`);
  return missing(
    `The account may run only ${most} functions at once, and Lambda keeps 100 of them unreserved, but the sweep reserves one. ` +
      `Raise "Concurrent executions" of Lambda (${QUOTAS.concurrency[1]}) in Service Quotas.`,
  );
}

/** The account's own quota, or the one that everyone has. */
async function quota(aws: Aws, name: keyof typeof QUOTAS): Promise<number> {
  const [ServiceCode, QuotaCode] = QUOTAS[name];
  const asked = { ServiceCode, QuotaCode };
  const own = await orUndefined(
    'NoSuchResourceException',
    aws.quotas.send(new GetServiceQuotaCommand(asked)),
  );
  const found = own ?? (await aws.quotas.send(new GetAWSDefaultServiceQuotaCommand(asked)));
  const value = found.Quota?.Value;
  if (value === undefined) throw new Error(`Service Quotas tells no value of ${QuotaCode}`);
  return value;
}
