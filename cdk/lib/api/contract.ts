/** Reads the HTTP contract, functions/openapi.yaml: operations, scopes and throttles. */

import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

export interface Throttle {
  /** Requests a second, on average. */
  readonly perSecond: number;
  /** Requests in a burst. */
  readonly burst: number;
}

export interface Operation {
  /** The `operationId`, which is also the name of the function. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** The token needs one of these scopes. Without scopes, the operation needs no token. */
  readonly scopes: readonly string[];
  /** The throttle of the operation: its own or the default. */
  readonly throttle: Throttle;
  /** The names of the query parameters. */
  readonly query: readonly string[];
}

export interface Contract {
  /** The version of the service. */
  readonly version: string;
  readonly operations: readonly Operation[];
  /** The throttle of requests outside of the contract. */
  readonly throttle: Throttle;
  /** How many times each function behind a route without a token can run at once. */
  readonly publicConcurrency: number;
  /** The scopes of each group of users, with their descriptions. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The scopes that a machine can have, with their descriptions. */
  readonly machineScopes: ReadonlyMap<string, string>;
}

interface Document {
  info: { version: string };
  'x-throttle': Throttle;
  'x-public-concurrency': number;
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
  return parseContract(readFileSync(path, 'utf8'));
}

export function parseContract(yaml: string): Contract {
  const document = parse(yaml, { merge: true }) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => parseOperation(path, method, operation, document)),
  );
  const schemes = Object.entries(document.components.securitySchemes);
  const listScopes = (flow: string) =>
    schemes.map(
      ([name, scheme]) =>
        [name, new Map(Object.entries(scheme.flows[flow]?.scopes ?? {}))] as const,
    );
  const groups = listScopes('authorizationCode').filter(([, scopes]) => scopes.size > 0);
  const machineScopes = listScopes('clientCredentials').flatMap(([, scopes]) => [...scopes]);
  return {
    version: document.info.version,
    operations,
    throttle: document['x-throttle'],
    publicConcurrency: document['x-public-concurrency'],
    groups: new Map(groups),
    machineScopes: new Map(machineScopes),
  };
}

function parseOperation(
  path: string,
  method: string,
  operation: OperationObject,
  document: Document,
): Operation {
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
    throttle: operation['x-throttle'] ?? document['x-throttle'],
    query: query.map((parameter) => parameter.name ?? ''),
  };
}
