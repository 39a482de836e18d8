/** Tests of the trouble with a clip's files. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from './clip.ts';
import { filesTrouble } from './files-trouble.ts';

function clipWith(files: object | undefined, status = 'ready'): Clip {
  return { status, ...(files && { files }) } as unknown as Clip;
}

test('files that are made, or made for the first time, are no trouble', () => {
  assert.equal(filesTrouble(clipWith(undefined)), undefined);
  assert.equal(filesTrouble(clipWith({ status: 'making', failedTries: 0 })), undefined);
  assert.equal(filesTrouble(clipWith({ status: 'made', failedTries: 0 })), undefined);
  assert.equal(filesTrouble(clipWith({ status: 'failed', failedTries: 4 }, 'deleting')), undefined);
});

test('a failed job says when the next one starts, or that there is none', () => {
  const failed = { failedTries: 2, failure: 'no access' };
  const retryAt = '2020-02-03T13:31:00Z';
  assert.deepEqual(filesTrouble(clipWith({ ...failed, status: 'making', retryAt })), {
    tries: 2,
    isFinal: false,
    retryAt: Date.parse(retryAt),
    reason: 'no access',
  });
  assert.deepEqual(filesTrouble(clipWith({ ...failed, status: 'making' })), {
    tries: 2,
    isFinal: false,
    reason: 'no access',
  });
  assert.deepEqual(filesTrouble(clipWith({ status: 'failed', failedTries: 4 })), {
    tries: 4,
    isFinal: true,
  });
});
