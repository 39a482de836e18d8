/** Tests of who made a clip. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clip } from './clip.ts';
import { makerOf } from './maker.ts';

test('a clip was made by an operator, by a rule, or by a file drop', () => {
  const suggestedBy = { rule: 'goals-k7qx2f', name: 'Goals', label: 'goal', marks: 1 };
  const of = (fields: Partial<Clip>) => makerOf({ key: 'k', clip: fields as Clip }, 'anna');
  assert.deepEqual([{ createdBy: 'anna' }, { createdBy: 'ben' }, { suggestedBy }, {}].map(of), [
    'you',
    'ben',
    'rule Goals',
    'file drop',
  ]);
});
