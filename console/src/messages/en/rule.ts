/** The editor of rules, in English. */

import type { RuleDraft, RuleField } from '../../rule/rule.ts';

export const rule = {
  title: 'Rules',
  open: 'Rules',
  hint: 'A rule makes suggestions or clips of marks, from the moment it is saved.',
  add: 'New rule',
  create: 'Create the rule',
  save: 'Save',
  saved: (name: string) => `The rule “${name}” is saved`,
  remove: 'Delete the rule',
  removed: (name: string) => `The rule “${name}” is deleted. What it made stays.`,
  gone: 'Somebody has deleted this rule.',
  enabledOf: (name: string) => `${name} is on`,
  isOn: (name: string) => `${name} is on`,
  isOff: (name: string) => `${name} is off`,
  more: 'More conditions',
  ofChannel: 'as the channel is set',
  seen: 'Marks of this channel:',
  addLabel: (label: string) => `Add the label ${label}`,
  held: 'Hold the clips back from viewers',
  merge: 'Make one clip of clips that overlap',

  fields: {
    name: 'Name of the rule',
    enabled: 'On',
    labels: 'Labels of the marks',
    beforeSeconds: 'Seconds before the mark',
    afterSeconds: 'Seconds after it',
    mode: 'What it makes',
    title: 'Title of the clips',
    clipTags: 'Tags of the clips',
    description: 'Description of the clips',
    listed: 'In the viewers’ lists',
    channels: 'Channels',
    sources: 'Sources of the marks',
    minConfidence: 'Lowest confidence, 0 to 1',
    tags: 'Tags of the marks',
    competition: 'Competition of the clips',
    precision: 'Precision',
    minIntervalSeconds: 'Seconds between two clips',
    merge: 'Overlapping clips',
    excludeLabels: 'Leave out stretches of',
  } satisfies Record<RuleField, string> as Record<RuleField, string>,
  hints: {
    labels: 'One or several with commas: goal, penalty',
    title: '{label}, {source} and {tags.player} stand for values of the mark',
    clipTags: 'With commas: {label}, highlight',
    channels: 'With commas. Empty: all',
    sources: 'With commas: operator, webhook. Empty: all',
    minConfidence: 'Empty: any. A mark without one counts as 1',
    tags: 'All must be equal: team: home, half: 2',
    minIntervalSeconds: 'At least, from mark to mark; of clips that are closer, the first is made',
    excludeLabels: 'With commas: ad-break',
  } as Partial<Record<RuleField, string>>,
  modes: { suggest: 'Suggestions', clip: 'Clips' } satisfies Record<RuleDraft['mode'], string>,
  modeHints: {
    suggest: 'An operator confirms each one. Until then it costs nothing.',
    clip: 'Each one is made as soon as its end has aired.',
  } satisfies Record<RuleDraft['mode'], string>,

  conflict: (name: string) =>
    name ? `${name} has changed this rule meanwhile` : 'This rule has changed meanwhile',
  differs: (fields: string) => `You both changed: ${fields}.`,

  tryOut: 'Try it',
  tryChannel: 'Channel to try it on',
  tryHour: (channel: string) => `Try it on the last hour of ${channel}`,
  wouldHave: (count: number) =>
    count === 0
      ? 'It would have made no clip. Are there marks with these labels?'
      : `It would have made ${count === 1 ? 'this clip' : `these ${count} clips`}:`,
  showPlanned: 'Show it in the live picture',
};
