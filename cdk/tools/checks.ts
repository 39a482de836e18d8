/**
 * Checks that an account can take a deployment, before anything is built. Each finding says what is
 * missing and what to do.
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

import { readContract } from '../lib/api/contract.ts';
import { readPackagingGroups } from '../lib/asset/packaging-groups.ts';
import { FIREWALL_REGION } from '../lib/firewall-stack.ts';
import { ROOT, type Settings } from '../lib/settings/settings.ts';
import { type Aws, ignoreError, listPages, readErrorName } from './aws.ts';
import { checkPackaging } from './packaging.ts';
import { listGroupIds, listIds, listResources, readOutputs, stackNames } from './stacks.ts';

export interface Finding {
  /** `missing` stops the deployment. `note` is a warning. */
  readonly kind: 'ok' | 'missing' | 'note';
  readonly text: string;
}

const ok = (text: string): Finding => ({ kind: 'ok', text });
const missing = (text: string): Finding => ({ kind: 'missing', text });
const note = (text: string): Finding => ({ kind: 'note', text });

/** The version of the bootstrap stack that the CDK's stacks need. */
const MIN_BOOTSTRAP = 6;

/** The service codes and quota codes of the checked quotas. */
const QUOTAS = {
  harvestJobs: ['mediapackage', 'L-B1B90B42'],
  assets: ['mediapackage', 'L-563EE697'],
  channels: ['medialive', 'L-D1AFAF75'],
  concurrency: ['lambda', 'L-B99A9384'],
} as const;

/** MediaPackage's default quota. More clips wait in the harvest queue. */
const DEFAULT_HARVEST_JOBS = 10;

/** Lambda keeps 100 executions unreserved, and the sweep reserves one. */
const MIN_CONCURRENCY = 101;

/** The contract, which has the concurrency of functions that anyone may call. */
const CONTRACT = `${ROOT}/functions/openapi.yaml`;

/** Checks the credentials, and returns their account. */
export async function checkCredentials(aws: Aws): Promise<{ finding: Finding; account?: string }> {
  try {
    const { Account: account, Arn: arn } = await aws.sts.send(new GetCallerIdentityCommand({}));
    return { finding: ok(`credentials: ${arn}`), ...(account === undefined ? {} : { account }) };
  } catch (error) {
    return {
      finding: missing(
        `No valid AWS credentials were found (${readErrorName(error)}). Sign in with "aws sso login" or "aws configure", ` +
          'and set AWS_PROFILE if the profile is not the default.',
      ),
    };
  }
}

/** Makes all other checks. */
export async function checkAccount(
  aws: Aws,
  settings: Settings,
  account: string,
): Promise<Finding[]> {
  const checks: Record<string, Promise<Finding | Finding[]>> = {
    'the account': checkAccountId(settings, account),
    'the CDK bootstrap': checkBootstrap(aws.ssm, settings.region, account),
    'the CDK bootstrap of the firewall': checkFirewallBootstrap(aws, settings, account),
    'the services of the region': checkServices(aws, settings.region),
    'the quota of harvest jobs': checkHarvestJobs(aws),
    'the quota of assets': checkAssets(aws, settings),
    'the packaging configurations': checkPackaging(aws, settings),
    'the quota of channels': checkChannels(aws, settings),
    'the quota of functions': checkConcurrency(aws, settings),
  };
  const findings = Object.entries(checks).map(([what, check]) => {
    // The caller may be permitted to deploy, but not to read what the check reads.
    return check.catch((error: unknown) =>
      note(`Could not check ${what} (${readErrorName(error)}).`),
    );
  });
  return (await Promise.all(findings)).flat();
}

async function checkAccountId(settings: Settings, account: string): Promise<Finding[]> {
  if (settings.account === undefined || settings.account === account) return [];
  return [
    missing(
      `The credentials belong to account ${account}, but the setting account is ${settings.account}.`,
    ),
  ];
}

/** The firewall is in us-east-1, which needs a bootstrap of its own. */
async function checkFirewallBootstrap(
  aws: Aws,
  settings: Settings,
  account: string,
): Promise<Finding[]> {
  if (settings.requestsPerAddress === 0 || settings.region === FIREWALL_REGION) return [];
  const finding = await checkBootstrap(aws.regions, FIREWALL_REGION, account);
  const reason = 'The firewall must be there; to deploy without one, set requestsPerAddress=0.';
  return [finding.kind === 'ok' ? finding : missing(`${finding.text} ${reason}`)];
}

async function checkBootstrap(ssm: Aws['ssm'], region: string, account: string): Promise<Finding> {
  const name = '/cdk-bootstrap/hnb659fds/version';
  const found = await ignoreError(
    'ParameterNotFound',
    ssm.send(new GetParameterCommand({ Name: name })),
  );
  const version = Number(found?.Parameter?.Value ?? 0);
  if (version >= MIN_BOOTSTRAP) return ok(`CDK bootstrap version ${version} in ${region}`);
  return missing(
    `The account is not bootstrapped for the CDK in ${region}. Run once: ` +
      `"cdk/node_modules/.bin/cdk bootstrap aws://${account}/${region}".`,
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
  // Every region has S3. If S3 is unknown, the list of the region is missing.
  const Names = ['s3', ...services.keys()].map(path);
  const { InvalidParameters: invalid = [] } = await aws.regions.send(
    new GetParametersCommand({ Names }),
  );
  if (invalid.includes(path('s3'))) {
    return note(
      `AWS has no list of services for the region ${region}, so MediaLive and MediaPackage were not checked.`,
    );
  }
  const absent = [...services]
    .filter(([service]) => invalid.includes(path(service)))
    .map(([, name]) => name);
  if (absent.length === 0) return ok(`${region} has MediaLive, MediaPackage and MediaConvert`);
  return missing(
    `The region ${region} does not have ${absent.join(' and ')}. Choose another region, such as -c region=eu-central-1.`,
  );
}

async function checkHarvestJobs(aws: Aws): Promise<Finding> {
  const max = await readQuota(aws, 'harvestJobs');
  const raise = `Before a big event, raise "Concurrent harvest jobs" (${QUOTAS.harvestJobs[1]}) in Service Quotas.`;
  if (max === 0)
    return missing(
      `The account's quota of harvest jobs is 0, so no clip can be harvested. ${raise}`,
    );
  const text = `${max} clips can be harvested at once. Other clips wait in the harvest queue.`;
  return max < DEFAULT_HARVEST_JOBS ? note(`Only ${text} ${raise}`) : ok(`${text} ${raise}`);
}

async function checkAssets(aws: Aws, settings: Settings): Promise<Finding> {
  const max = await readQuota(aws, 'assets');
  const outputs = await readOutputs(aws.cloudFormation, stackNames(settings.name)[0]);
  const described = listGroupIds(outputs).map(async (Id) =>
    aws.vod.send(new DescribePackagingGroupCommand({ Id })),
  );
  const used = (await Promise.all(described)).reduce(
    (sum, group) => sum + (group.ApproximateAssetCount ?? 0),
    0,
  );
  // Counts the groups to be deployed, because a new file is one remedy.
  const groups = readPackagingGroups(resolve(ROOT, settings.packagingGroups)).length;
  const room = max * groups;
  const text = `the packaging groups have ${used} of at most ${room} assets`;
  const remedy = `"Assets per packaging group" (${QUOTAS.assets[1]}) in Service Quotas, or add a packaging group`;
  if (used >= room)
    return missing(
      `The packaging groups are full: ${used} of at most ${room} assets. Raise ${remedy}.`,
    );
  return used > room * 0.8 ? note(`${text}. Raise ${remedy} in time.`) : ok(text);
}

async function checkChannels(aws: Aws, settings: Settings): Promise<Finding[]> {
  const wanted = settings.channels.filter((channel) => channel.originEndpoint === undefined).length;
  if (wanted === 0) return [];
  const max = await readQuota(aws, 'channels');
  const resources = await listResources(aws.cloudFormation, stackNames(settings.name)[1]);
  const own = listIds(resources, 'AWS::MediaLive::Channel').length;
  const all = await listPages(async (token) => {
    const { Channels: items, NextToken: next } = await aws.mediaLive.send(
      new ListChannelsCommand({ NextToken: token }),
    );
    return { items, next };
  });
  const others = all.length - own;
  const text = `${wanted} MediaLive channels of ${max}, and ${others} others in the account`;
  if (others + wanted <= max) return [ok(text)];
  return [
    missing(
      `The account's quota of MediaLive channels is too low: ${text}. Raise "Channels" of MediaLive (${QUOTAS.channels[1]}) in Service Quotas.`,
    ),
  ];
}

async function checkConcurrency(aws: Aws, settings: Settings): Promise<Finding> {
  const max = await readQuota(aws, 'concurrency');
  const contract = readContract(CONTRACT);
  // One more function refuses requests outside of the contract.
  const functions = contract.operations.filter(({ scopes }) => scopes.length === 0).length + 1;
  const each = settings.publicConcurrency ?? contract.publicConcurrency;
  const needed = MIN_CONCURRENCY + functions * each;
  if (max >= needed) return ok(`${max} Lambda functions can run at once`);
  const raise = `Raise "Concurrent executions" of Lambda (${QUOTAS.concurrency[1]}) in Service Quotas`;
  const text = `The account can run only ${max} Lambda functions at once.`;
  if (max < MIN_CONCURRENCY)
    return missing(`${text} The sweep reserves one, and Lambda keeps 100 unreserved. ${raise}.`);
  const fitting = Math.floor((max - MIN_CONCURRENCY) / functions);
  return missing(
    `${text} The ${functions} functions that anyone may call reserve ${each} each, the sweep reserves one, ` +
      `and Lambda keeps 100 unreserved. ${raise}, or set publicConcurrency=${fitting}.`,
  );
}

/** Reads a quota of the account, or AWS's default. */
async function readQuota(aws: Aws, name: keyof typeof QUOTAS): Promise<number> {
  const [ServiceCode, QuotaCode] = QUOTAS[name];
  const asked = { ServiceCode, QuotaCode };
  const own = await ignoreError(
    'NoSuchResourceException',
    aws.quotas.send(new GetServiceQuotaCommand(asked)),
  );
  const found = own ?? (await aws.quotas.send(new GetAWSDefaultServiceQuotaCommand(asked)));
  const value = found.Quota?.Value;
  if (value === undefined) throw new Error(`Service Quotas returned no value for ${QuotaCode}`);
  return value;
}
