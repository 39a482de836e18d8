/** The contract, with the routes of uploads where it does not have them yet. */

import { readFileSync } from 'node:fs';

import { parse, stringify } from 'yaml';

import { type Contract, contractOf } from '../lib/contract.ts';

export function withUploads(): Contract {
  const document = parse(readFileSync(`${import.meta.dirname}/../../functions/openapi.yaml`, 'utf8'), { merge: true });
  const security = [{ operator: ['matchcut/clips.write'] }];
  document.paths = {
    '/api/uploads': { post: { operationId: 'create-upload', security } },
    '/api/uploads/{competitionId}/{clipId}/parts': { get: { operationId: 'list-upload-parts', security } },
    '/api/uploads/{competitionId}/{clipId}/complete': { post: { operationId: 'complete-upload', security } },
    ...document.paths,
  };
  return contractOf(stringify(document));
}
