/** The contract as it is, and with and without the routes of uploads, which are made with their stage. */

import { readFileSync } from 'node:fs';

import { parse, stringify } from 'yaml';

import { type Contract, contractOf } from '../lib/contract.ts';

const YAML = readFileSync(`${import.meta.dirname}/../../functions/openapi.yaml`, 'utf8');

export const CONTRACT = contractOf(YAML);

export const WITHOUT_UPLOADS: Contract = {
  ...CONTRACT,
  operations: CONTRACT.operations.filter(({ path }) => !path.startsWith('/api/uploads')),
};

export const WITH_UPLOADS = withUploads();

function withUploads(): Contract {
  const document = parse(YAML, { merge: true });
  const security = [{ operator: ['matchcut/clips.write'] }];
  document.paths = {
    '/api/uploads': { post: { operationId: 'create-upload', security } },
    '/api/uploads/{competitionId}/{clipId}/parts': { get: { operationId: 'list-upload-parts', security } },
    '/api/uploads/{competitionId}/{clipId}/complete': { post: { operationId: 'complete-upload', security } },
    ...document.paths,
  };
  return contractOf(stringify(document));
}
