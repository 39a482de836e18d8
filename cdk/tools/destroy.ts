/**
 * `make destroy`: takes a deployment out of the account, so that nothing of it bills any more. Clips,
 * uploads, library and users are kept, unless `--delete-data` is given.
 */

import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';

import { DeleteStackCommand, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation';

import { type Aws, connect } from './aws.ts';
import { checkCredentials } from './checks.ts';
import { type Data, dataOf, deleteData, emptyBucket, keepsData } from './data.ts';
import { drainAssets, stopChannel } from './drain.ts';
import { removePlaybackKey } from './playback-key.ts';
import { groupsIn, idsOf, outputsOf, resourcesOf, stackNames, statusOf } from './stacks.ts';

const HELP = `make destroy ARGS="…"
  --name NAME      the setting name of the deployment (matchcut)
  --region REGION  its region, if it is not that of the environment
  --delete-data    delete clips, uploads, library and users as well
  --yes            do not ask`;

/** What the person who runs it can do something about: told without a stack trace. */
class Stopped extends Error {}

/** A clip that was under way can still become an asset while the stack goes. */
const TRIES = 3;

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
  if (account === undefined) throw new Stopped(finding.text);

  const stacks = [];
  for (const stack of stackNames(values.name)) {
    const resources = await resourcesOf(aws.cloudFormation, stack);
    if (resources.length > 0) stacks.push({ stack, resources });
  }
  for (const { stack } of stacks) {
    if (values['delete-data'] || (await keepsData(aws.cloudFormation, stack))) continue;
    throw new Stopped(
      `Stack ${stack} was deployed with keepData=false, so its data would go with it. Say --delete-data if that is meant, ` +
        'or run make deploy once more with -c keepData=true.',
    );
  }
  const data = dataOf(stacks.flatMap(({ resources }) => resources));
  const fate = values['delete-data']
    ? 'deletes all clips, uploads and users'
    : 'keeps clips, uploads and users';
  console.log(
    `This removes ${stacks.map(({ stack }) => stack).join(' and ') || 'no stack'} from account ${account}, and ${fate}.`,
  );
  if (!values.yes && !(await confirmed())) return console.log('Nothing was changed.');

  for (const channel of stacks.flatMap(({ resources }) =>
    idsOf(resources, 'AWS::MediaLive::Channel'),
  )) {
    console.log(`stopping channel ${channel}`);
    await stopChannel(aws.mediaLive, channel);
  }
  for (const { stack, resources } of stacks) {
    const named = groupsIn(await outputsOf(aws.cloudFormation, stack));
    const groups = new Set([...idsOf(resources, 'AWS::MediaPackage::PackagingGroup'), ...named]);
    // Those that the stack deletes itself have to be empty when it does.
    if (values['delete-data']) for (const bucket of data.buckets) await emptyBucket(aws.s3, bucket);
    await remove(aws, stack, groups);
  }
  if (values['delete-data']) await deleteData(aws, data);
  else tellKept(data);
  if (await removePlaybackKey(aws.secrets, values.name))
    console.log('the playback key can be had back for seven days');
  console.log('done');
}

/** Deletes a stack once its packaging groups are empty. */
async function remove(aws: Aws, stack: string, groups: ReadonlySet<string>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    for (const group of groups) {
      const count = await drainAssets(aws.vod, group, {
        progress: (deleted) => console.log(`deleted ${deleted} assets of ${group}`),
      });
      if (count === 0) console.log(`packaging group ${group} has no assets`);
    }
    console.log(`deleting stack ${stack}; CloudFront alone takes some minutes`);
    await aws.cloudFormation.send(new DeleteStackCommand({ StackName: stack }));
    const patience = { client: aws.cloudFormation, minDelay: 2, maxDelay: 15, maxWaitTime: 3600 };
    try {
      await waitUntilStackDeleteComplete(patience, { StackName: stack });
      return;
    } catch (error) {
      const deleting = await statusOf(aws.cloudFormation, stack);
      if (deleting !== 'DELETE_FAILED') throw error;
      if (attempt === TRIES)
        throw new Stopped(
          `Stack ${stack} could not be deleted; its events in CloudFormation say why.`,
          { cause: error },
        );
      console.log(`stack ${stack} could not be deleted yet`);
    }
  }
}

function tellKept({ buckets, tables, userPools }: Data): void {
  for (const bucket of buckets) console.log(`kept: bucket ${bucket}`);
  for (const table of tables) console.log(`kept: table ${table}`);
  for (const pool of userPools) console.log(`kept: user pool ${pool}`);
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.log('There is nobody to ask; give --yes.');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Go on? [y/N] ');
  terminal.close();
  return answer.trim().toLowerCase() === 'y';
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
