/**
 * `make destroy`: deletes a deployment from the account, so that it causes no more costs. Keeps clips,
 * uploads, the table and users, unless `--delete-data` is given.
 */

import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';

import { DeleteStackCommand, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation';

import { type Aws, connect } from './aws.ts';
import { checkCredentials } from './checks.ts';
import {
  type Data,
  deleteData,
  emptyBucket,
  findData,
  findSiteBuckets,
  keepsData,
} from './data.ts';
import { drainAssets, stopChannel } from './drain.ts';
import { removePlaybackKey } from './playback-key.ts';
import {
  firewallStackName,
  listGroupIds,
  listIds,
  listResources,
  readOutputs,
  readStatus,
  stackNames,
} from './stacks.ts';

const HELP = `make destroy ARGS="…"
  --name NAME      the setting name of the deployment (default matchcut)
  --region REGION  its region (default: the region of the environment)
  --delete-data    also delete clips, uploads, the table and users
  --yes            do not ask for confirmation`;

/** An error that is printed without its stack trace. */
class DestroyError extends Error {}

/** A pending clip can still create an asset while the stack is being deleted. */
const MAX_ATTEMPTS = 3;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: 'matchcut' },
      region: { type: 'string' },
      'delete-data': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const aws = connect(values.region === undefined ? {} : { region: values.region });
  const { finding, account } = await checkCredentials(aws);
  if (account === undefined) throw new DestroyError(finding.text);

  const stacks = [];
  for (const stack of stackNames(values.name)) {
    const resources = await listResources(aws.cloudFormation, stack);
    if (resources.length > 0) stacks.push({ stack, resources });
  }
  for (const { stack } of stacks) {
    if (values['delete-data'] || (await keepsData(aws.cloudFormation, stack))) continue;
    throw new DestroyError(
      `Stack ${stack} was deployed with keepData=false, so its data would be deleted. To delete the data, use --delete-data. ` +
        'To keep the data, first run make deploy with -c keepData=true.',
    );
  }
  const data = findData(stacks.flatMap(({ resources }) => resources));
  const effect = values['delete-data']
    ? 'deletes all clips, uploads and users'
    : 'keeps clips, uploads and users';
  console.log(
    `This deletes ${stacks.map(({ stack }) => stack).join(' and ') || 'no stack'} in account ${account}, and ${effect}.`,
  );
  if (!values.yes && !(await askForConfirmation())) return console.log('Nothing was changed.');

  for (const channel of stacks.flatMap(({ resources }) =>
    listIds(resources, 'AWS::MediaLive::Channel'),
  )) {
    console.log(`stopping channel ${channel}`);
    await stopChannel(aws.mediaLive, channel);
  }
  for (const { stack, resources } of stacks) {
    const named = listGroupIds(await readOutputs(aws.cloudFormation, stack));
    const groups = new Set([...listIds(resources, 'AWS::MediaPackage::PackagingGroup'), ...named]);
    // CloudFormation can delete a bucket only if it is empty.
    const emptied = values['delete-data'] ? data.buckets : [];
    for (const bucket of [...findSiteBuckets(resources), ...emptied])
      await emptyBucket(aws.s3, bucket);
    await deleteStack(aws, stack, groups);
  }
  // The distribution has used the firewall until here.
  const firewall = firewallStackName(values.name, await aws.cloudFormation.config.region());
  if ((await listResources(aws.firewall, firewall)).length > 0) {
    console.log(`deleting stack ${firewall} in us-east-1`);
    await aws.firewall.send(new DeleteStackCommand({ StackName: firewall }));
    const patience = { client: aws.firewall, minDelay: 2, maxDelay: 15, maxWaitTime: 600 };
    await waitUntilStackDeleteComplete(patience, { StackName: firewall });
  }
  if (values['delete-data']) await deleteData(aws, data);
  else printKeptData(data);
  if (await removePlaybackKey(aws.secrets, values.name))
    console.log('deleted the playback key; it can be restored for 7 days');
  console.log('done');
}

/** Deletes a stack, after the assets of its packaging groups. */
async function deleteStack(aws: Aws, stack: string, groups: ReadonlySet<string>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    for (const group of groups) {
      const count = await drainAssets(aws.vod, group, {
        progress: (deleted) => console.log(`deleted ${deleted} assets of ${group}`),
      });
      if (count === 0) console.log(`packaging group ${group} has no assets`);
    }
    console.log(`deleting stack ${stack} (CloudFront takes some minutes)`);
    await aws.cloudFormation.send(new DeleteStackCommand({ StackName: stack }));
    const patience = { client: aws.cloudFormation, minDelay: 2, maxDelay: 15, maxWaitTime: 3600 };
    try {
      await waitUntilStackDeleteComplete(patience, { StackName: stack });
      return;
    } catch (error) {
      const deleting = await readStatus(aws.cloudFormation, stack);
      if (deleting !== 'DELETE_FAILED') throw error;
      if (attempt === MAX_ATTEMPTS)
        throw new DestroyError(
          `Could not delete stack ${stack}. Its events in CloudFormation have the reason.`,
          { cause: error },
        );
      console.log(`could not delete stack ${stack}; retrying`);
    }
  }
}

function printKeptData({ buckets, tables, userPools }: Data): void {
  for (const bucket of buckets) console.log(`kept: bucket ${bucket}`);
  for (const table of tables) console.log(`kept: table ${table}`);
  for (const pool of userPools) console.log(`kept: user pool ${pool}`);
}

async function askForConfirmation(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.log('Cannot ask for confirmation without a terminal. Use --yes.');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Continue? [y/N] ');
  terminal.close();
  return answer.trim().toLowerCase() === 'y';
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DestroyError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
