/** What is deployed, as CloudFormation knows it. */

import {
  type CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';

import { kindOf, paged } from './aws.ts';

/** The stacks of a deployment, in the order in which they can be removed. */
export function stackNames(name: string): readonly [vod: string, live: string] {
  return [`${name}-vod`, `${name}-live`];
}

/** The outputs of a stack by name; `undefined` if there is no such stack. */
export async function outputsOf(
  client: CloudFormationClient,
  stack: string,
): Promise<Map<string, string> | undefined> {
  const found = await ifThere(client.send(new DescribeStacksCommand({ StackName: stack })));
  const outputs = found?.Stacks?.[0]?.Outputs ?? [];
  return (
    found &&
    new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
  );
}

/** The ids of the packaging groups in a stack's outputs. */
export function groupsIn(outputs: ReadonlyMap<string, string> | undefined): string[] {
  return outputs?.get('PackagingGroupIds')?.split(',') ?? [];
}

export async function statusOf(
  client: CloudFormationClient,
  stack: string,
): Promise<string | undefined> {
  const found = await ifThere(client.send(new DescribeStacksCommand({ StackName: stack })));
  return found?.Stacks?.[0]?.StackStatus;
}

/** What a stack made; nothing if there is no such stack. */
export async function resourcesOf(
  client: CloudFormationClient,
  stack: string,
): Promise<readonly StackResourceSummary[]> {
  return paged(async (token) => {
    const command = new ListStackResourcesCommand({ StackName: stack, NextToken: token });
    const found = await ifThere(client.send(command));
    return { items: found?.StackResourceSummaries, next: found?.NextToken };
  });
}

/** The physical ids of a stack's resources of a type. */
export function idsOf(resources: readonly StackResourceSummary[], type: string): string[] {
  return resources
    .filter(
      (resource) => resource.ResourceType === type && resource.ResourceStatus !== 'DELETE_COMPLETE',
    )
    .flatMap((resource) => resource.PhysicalResourceId ?? []);
}

/** CloudFormation has no error of its own for a stack that is not there. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (kindOf(error) === 'ValidationError' && /does not exist/.test(String(error)))
      return undefined;
    throw error;
  });
}
