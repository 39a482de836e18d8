/** CloudFront functions: the files of edge/, which run on each request of a viewer. */

import { readFileSync } from 'node:fs';

import {
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
} from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';

/** Creates a function of a file, whose placeholders `fill` replaces. */
export function createEdgeFunction(
  scope: Construct,
  id: string,
  prefix: string,
  file: string,
  fill: (code: string) => string,
): EdgeFunction {
  const code = readFileSync(`${import.meta.dirname}/edge/${file}`, 'utf8');
  return new EdgeFunction(scope, id, {
    functionName: `${prefix}-${file.replace('.js', '')}`,
    code: FunctionCode.fromInline(fill(code)),
    runtime: FunctionRuntime.JS_2_0,
  });
}

/** The part of a behavior that runs a function before the cache is read. */
export function runOnRequest(edge: EdgeFunction) {
  return {
    functionAssociations: [{ function: edge, eventType: FunctionEventType.VIEWER_REQUEST }],
  };
}
