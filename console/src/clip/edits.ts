/** Finds what two operators have changed at the same time. */

import { type Clip, type ClipEdit, wantedWindow } from './clip.ts';

/** A field that operators can change. */
export type EditedField = keyof ClipEdit;

/** An edit that was refused because somebody else has changed the same field. */
export interface Conflict {
  /** The clip as this operator saw it when the edit began. */
  readonly base: Clip;
  /** The clip as somebody else has changed it. */
  readonly theirs: Clip;
  readonly mine: ClipEdit;
  /** The fields that both have changed, to different values. */
  readonly fields: readonly EditedField[];
}

/** The value of a field as an edit would set it: `null` if it is absent. */
export function fieldOf(clip: Clip, field: EditedField): ClipEdit[EditedField] {
  switch (field) {
    case 'title':
    case 'description':
    case 'tags':
      return clip.meta[field];
    case 'start':
    case 'end':
      return wantedWindow(clip)?.[field];
    case 'listed':
      return clip.listed;
    default:
      return clip[field] ?? null;
  }
}

/** The fields of an edit that somebody else has changed since `base`, to other values than `mine`. */
export function findConflicts(base: Clip, theirs: Clip, mine: ClipEdit): EditedField[] {
  return (Object.keys(mine) as EditedField[]).filter(
    (field) =>
      !isSame(fieldOf(theirs, field), fieldOf(base, field)) &&
      !isSame(fieldOf(theirs, field), mine[field]),
  );
}

/** Whether the clip already has every value of an edit. */
export function hasAll(clip: Clip, mine: ClipEdit): boolean {
  return (Object.keys(mine) as EditedField[]).every((field) =>
    isSame(fieldOf(clip, field), mine[field]),
  );
}

/** Whether two values are the same. The service writes times in its own form. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return JSON.stringify(a) === JSON.stringify(b);
  const [left, right] = [a ?? null, b ?? null];
  if (left === right) return true;
  return isTime(left) && isTime(right) && Date.parse(left) === Date.parse(right);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(value);
}
