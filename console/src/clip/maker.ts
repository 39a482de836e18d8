/** Who made a clip, in words. */

import { t } from '../messages/console.svelte.ts';
import { operatorOf } from './filters.ts';
import type { Row } from './row-state.ts';

/** An operator, the rule that made the clip of marks, or a file that was dropped into the bucket. */
export function makerOf(row: Row, username: string): string {
  const operator = operatorOf(row);
  if (operator) return operator === username ? t.clip.you : operator;
  const rule = row.clip?.suggestedBy?.name;
  return rule === undefined ? t.clip.someone : t.suggestion.rule(rule);
}
