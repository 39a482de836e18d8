/** Reads the deployed stacks from CloudFormation. */

import {
  type CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';

import { listPages, readErrorName } from './aws.ts';

/** The stacks of a deployment, in the order in which they can be deleted. */
export function stackNames(name: string): readonly [vod: string, live: string] {
  return [`${name}-vod`, `${name}-live`];
}

/** The stack of the firewall, which is in us-east-1 for a deployment in any region. */
export function firewallStackName(name: string, region: string): string {
  return `${name}-firewall-${region}`;
}

/** Reads the outputs of a stack. `undefined` if the stack does not exist. */
export async function readOutputs(
  client: CloudFormationClient,
  stack: string,
): Promise<Map<string, string> | undefined> {
  const found = await ignoreMissingStack(
    client.send(new DescribeStacksCommand({ StackName: stack })),
  );
  const outputs = found?.Stacks?.[0]?.Outputs ?? [];
  return (
    found &&
    new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
  );
}

/** Lists the ids of the packaging groups in a stack's outputs. */
export function listGroupIds(outputs: ReadonlyMap<string, string> | undefined): string[] {
  return outputs?.get('PackagingGroupIds')?.split(',') ?? [];
}

export async function readStatus(
  client: CloudFormationClient,
  stack: string,
): Promise<string | undefined> {
  const found = await ignoreMissingStack(
    client.send(new DescribeStacksCommand({ StackName: stack })),
  );
  return found?.Stacks?.[0]?.StackStatus;
}

/** Lists the resources of a stack. Empty if the stack does not exist. */
export async function listResources(
  client: CloudFormationClient,
  stack: string,
): Promise<readonly StackResourceSummary[]> {
  return listPages(async (token) => {
    const command = new ListStackResourcesCommand({ StackName: stack, NextToken: token });
    const found = await ignoreMissingStack(client.send(command));
    return { items: found?.StackResourceSummaries, next: found?.NextToken };
  });
}

/** Lists the physical ids of the resources of one type. */
export function listIds(resources: readonly StackResourceSummary[], type: string): string[] {
  return resources
    .filter(
      (resource) => resource.ResourceType === type && resource.ResourceStatus !== 'DELETE_COMPLETE',
    )
    .flatMap((resource) => resource.PhysicalResourceId ?? []);
}

/** Returns `undefined` if the stack does not exist. CloudFormation has no separate error for that. */
async function ignoreMissingStack<T>(call: Promise<T>): Promise<T | undefined> {
  return call.catch((error: unknown) => {
    if (readErrorName(error) === 'ValidationError' && /does not exist/.test(String(error)))
      return undefined;
    throw error;
  });
}
