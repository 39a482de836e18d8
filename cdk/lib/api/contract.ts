/** The HTTP contract, functions/openapi.yaml: routes, scopes and throttles are made from it. */

import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

export interface Throttle {
  /** Requests a second that are let through on average. */
  readonly perSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
}

export interface Operation {
  /** The `operationId`: the name of its function. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Scopes, any of which lets a token in; none: anyone is let in. */
  readonly scopes: readonly string[];
  /** Where it differs from the API's own. */
  readonly throttle: Throttle | undefined;
  /** The names of its query's parameters. */
  readonly query: readonly string[];
}

export interface Contract {
  readonly operations: readonly Operation[];
  /** What holds for operations that name no throttle of their own. */
  readonly throttle: Throttle;
  /** The scopes that each group of users is given, and what each lets one do. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

interface Document {
  'x-throttle': Throttle;
  paths: Record<string, Record<string, OperationObject>>;
  components: {
    securitySchemes: Record<string, { flows: Record<string, { scopes: Record<string, string> }> }>;
  };
}

interface OperationObject {
  operationId?: string;
  security?: Record<string, string[]>[];
  parameters?: { name?: string; in?: string }[];
  'x-throttle'?: Throttle;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export function readContract(path: string): Contract {
  return contractOf(readFileSync(path, 'utf8'));
}

export function contractOf(yaml: string): Contract {
  const document = parse(yaml, { merge: true }) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => operationOf(path, method, operation)),
  );
  const groups = Object.entries(document.components.securitySchemes).map(([group, scheme]) => {
    const scopes = Object.values(scheme.flows).flatMap((flow) => Object.entries(flow.scopes));
    return [group, new Map(scopes)] as const;
  });
  return { operations, throttle: document['x-throttle'], groups: new Map(groups) };
}

function operationOf(path: string, method: string, operation: OperationObject): Operation {
  if (operation.operationId === undefined) {
    throw new Error(`${method} ${path} of the contract has no operationId.`);
  }
  const scopes = (operation.security ?? []).flatMap((alternative) =>
    Object.values(alternative).flat(),
  );
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    scopes: [...new Set(scopes)],
    throttle: operation['x-throttle'],
    query: query.map((parameter) => parameter.name ?? ''),
  };
}
