/** A rule as the form of the editor has it, and as the service has it. */

import type { Schema } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

/** A rule of the service. */
export type Rule = Schema<'Rule'>;
/** The fields of a rule that operators write. */
export type RuleRequest = Schema<'RuleRequest'>;
/** A clip that a rule would have made. */
export type PlannedClip = Schema<'Preview'>['clips'][number];
/** The name of a field of a rule. */
export type RuleField = keyof RuleRequest;

/** A field that the service refused, and why. */
export interface Refusal {
  readonly field: RuleField;
  readonly text: string;
}

/** What is in the fields of the form. Lists are texts with commas. */
export interface RuleDraft {
  name: string;
  enabled: boolean;
  labels: string;
  beforeSeconds: number | null;
  afterSeconds: number | null;
  mode: 'suggest' | 'clip';
  title: string;
  clipTags: string;
  description: string;
  listed: boolean;
  /** One channel, or an empty text for all. */
  channels: string;
  sources: string;
  minConfidence: number | null;
  /** `player: Kerr, score: 2-1`. */
  tags: string;
  /** An empty text means the competition of the channel. */
  competition: string;
  /** An empty text means the precision of the channel. */
  precision: '' | 'frame' | 'segment';
  minIntervalSeconds: number | null;
  merge: boolean;
  excludeLabels: string;
}

/** The form of a new rule. */
export function newDraft(): RuleDraft {
  return draftOf({ name: '', labels: [], beforeSeconds: 10, afterSeconds: 5 });
}

/** The form of a rule. */
export function draftOf(rule: Rule | RuleRequest): RuleDraft {
  return {
    name: rule.name,
    enabled: rule.enabled ?? true,
    labels: joined(rule.labels),
    beforeSeconds: rule.beforeSeconds,
    afterSeconds: rule.afterSeconds,
    mode: rule.mode ?? 'suggest',
    title: rule.title ?? '{label}',
    clipTags: joined(rule.clipTags),
    description: rule.description ?? '',
    listed: rule.listed ?? true,
    channels: joined(rule.channels),
    sources: joined(rule.sources),
    minConfidence: rule.minConfidence ?? null,
    tags: joined(Object.entries(rule.tags ?? {}).map(([name, value]) => `${name}: ${value}`)),
    competition: rule.competition ?? '',
    precision: rule.precision ?? '',
    minIntervalSeconds: rule.minIntervalSeconds ?? 0,
    merge: rule.merge ?? true,
    excludeLabels: joined(rule.excludeLabels),
  };
}

/** The request of a form. The service checks the values. */
export function requestOf(draft: RuleDraft): RuleRequest {
  const { channels, sources, clipTags, excludeLabels, ...rest } = draft;
  const optional = {
    channels: split(channels),
    sources: split(sources),
    clipTags: split(clipTags),
    excludeLabels: split(excludeLabels),
    tags: splitTags(draft.tags),
    minConfidence: draft.minConfidence,
    description: draft.description.trim(),
    competition: draft.competition,
    precision: draft.precision,
    minIntervalSeconds: draft.minIntervalSeconds,
  };
  return {
    name: rest.name.trim(),
    enabled: rest.enabled,
    labels: split(rest.labels),
    // The service says that the field is missing.
    beforeSeconds: rest.beforeSeconds as number,
    afterSeconds: rest.afterSeconds as number,
    mode: rest.mode,
    title: rest.title.trim(),
    listed: rest.listed,
    merge: rest.merge,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => !isEmpty(value))),
  };
}

/** The request that stores a rule as it is. */
export function asRequest(rule: Rule): RuleRequest {
  const { id, version, createdAt, updatedAt, updatedBy, etag, ...fields } = rule;
  return fields;
}

/** The request of an edited form. A field that was not edited keeps its value, also one with commas. */
export function editOf(base: Rule, draft: RuleDraft): RuleRequest {
  const [before, kept, typed] = [draftOf(base), asRequest(base), requestOf(draft)];
  const fields = (Object.keys(before) as RuleField[]).map(
    (field) => [field, (draft[field] === before[field] ? kept : typed)[field]] as const,
  );
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as RuleRequest;
}

/** An edit on top of somebody else's version, and the fields that both have changed otherwise. */
export interface Rebased {
  readonly draft: RuleDraft;
  readonly conflicts: readonly RuleField[];
}

/** Puts what was edited of `base` on top of somebody else's version. */
export function rebase(base: Rule, draft: RuleDraft, theirs: Rule): Rebased {
  const [before, other] = [draftOf(base), draftOf(theirs)];
  const mine = (Object.keys(before) as RuleField[]).filter((it) => draft[it] !== before[it]);
  const edited = Object.fromEntries(mine.map((it) => [it, draft[it]]));
  return {
    draft: { ...other, ...edited },
    conflicts: mine.filter((it) => other[it] !== before[it] && other[it] !== draft[it]),
  };
}

/** The field that a problem is about: `rule.labels[1]` is about `labels`. */
export function fieldOf(problem: Problem | undefined): RuleField | undefined {
  const name = problem?.field?.replace(/^rule\./, '').replace(/[[.].*$/, '');
  return name && name in newDraft() ? (name as RuleField) : undefined;
}

/** The fields in which two versions of a rule differ. */
export function changedFields(one: RuleRequest | Rule, other: RuleRequest | Rule): RuleField[] {
  const [left, right] = [draftOf(one), draftOf(other)];
  return (Object.keys(left) as RuleField[]).filter((field) => left[field] !== right[field]);
}

function joined(values: readonly string[] | null | undefined): string {
  return (values ?? []).join(', ');
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((it) => it.trim())
    .filter(Boolean);
}

function splitTags(text: string): Record<string, string> {
  const pairs = split(text).map((it) => {
    const [name, ...value] = it.split(':');
    return [(name ?? '').trim(), value.join(':').trim()] as const;
  });
  return Object.fromEntries(pairs);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
