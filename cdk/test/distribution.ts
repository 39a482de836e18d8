/** Finds the behavior, the cache policy and the origin of a path, and runs CloudFront functions. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';

import { type Properties, type Stack, vod } from './synthesis.ts';

/** The configuration of the distribution. */
export const config = (stack: Stack): Properties =>
  stack.one('CloudFront::Distribution').Properties['DistributionConfig'];

/** The behavior for a path: the first one with a matching pattern. */
export function behavior(path: string, stack: Stack = vod()): Properties {
  const { CacheBehaviors: others, DefaultCacheBehavior: otherwise } = config(stack);
  const matches = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll(/[.+]/g, '\\$&').replaceAll('*', '.*')}$`).test(path);
  return (others as Properties[]).find((it) => matches(it['PathPattern'])) ?? otherwise;
}

/** The cache policy for a path, if it is cached by a policy of ours. */
export function policy(path: string, stack: Stack = vod()): Properties | undefined {
  const id = behavior(path, stack)['CachePolicyId'];
  return typeof id === 'string'
    ? undefined
    : (stack.template.Resources[id.Ref]?.Properties?.['CachePolicyConfig'] as Properties);
}

/** The query parameters in the cache key of a path. */
export const key = (path: string, stack?: Stack): string[] =>
  policy(path, stack)?.['ParametersInCacheKeyAndForwardedToOrigin'].QueryStringsConfig.QueryStrings;

/** The origin of a path. */
export function origin(path: string, stack: Stack = vod()): Properties {
  const id = behavior(path, stack)['TargetOriginId'];
  return (config(stack)['Origins'] as Properties[]).find((it) => it['Id'] === id) ?? {};
}

/** Runs a CloudFront function of a stack on a request. Returns the request or response. */
export function runEdge(stack: Stack, name: string, request: Properties): Properties {
  const code = stack
    .all('CloudFront::Function')
    .map((it) => stack.text(it.Properties['FunctionCode']))
    .find((it) => it.includes(name));
  assert.ok(code, `no function contains ${name}`);
  const sandbox = { require: createRequire(import.meta.url), event: { request } };
  const filled = code.replace(/\{\{resolve:[^}]*\}\}/, '0'.repeat(64));
  return runInNewContext(`${filled}\nhandler(event)`, sandbox) as Properties;
}

/** Runs a CloudFront function of a stack on a path. Returns the path at the origin, or the status. */
export function edge(stack: Stack, name: string, uri: string): string | number {
  const result = runEdge(stack, name, { uri });
  return result['uri'] ?? result['statusCode'] ?? '';
}

/** The response headers policy of a path. */
export function responseHeaders(path: string, stack: Stack = vod()): Properties {
  const id = behavior(path, stack)['ResponseHeadersPolicyId'];
  return stack.at(id).Properties['ResponseHeadersPolicyConfig'];
}

/** What the policy of a bucket allows. */
export function listReads(stack: Stack, bucket: string): Properties[] {
  return stack
    .all('S3::BucketPolicy')
    .filter((it) => it.Properties['Bucket'].Ref === bucket)
    .flatMap((it) => it.Properties['PolicyDocument'].Statement as Properties[])
    .filter((it) => it['Effect'] === 'Allow');
}
