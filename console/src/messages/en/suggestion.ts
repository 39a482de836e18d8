/** The clips that rules suggest, in English. */

export const suggestion = {
  title: 'Suggestions',
  watch: (title: string) => `Watch ${title}`,
  by: (rule: string) => `by rule ${rule}`,
  times: (count: number) => `×${count}`,
  confirm: 'Confirm',
  confirmOf: (title: string) => `Confirm ${title}`,
  confirmHint: 'Make this clip',
  adjust: 'Adjust',
  adjustOf: (title: string) => `Adjust ${title}`,
  adjustHint: 'Move in and out before you make this clip',
  dismiss: 'Dismiss',
  dismissOf: (title: string) => `Dismiss ${title}`,
  dismissHint: 'Do not make this clip',
  adjusting: (title: string) => `Move in and out of “${title}”.`,
  save: 'Save and confirm',
  leave: 'Leave as it was',
  note: 'A rule suggests this clip. It is made when you confirm it.',
  rule: (name: string) => `rule ${name}`,

  says: (title: string, rule: string) => `Suggestion: ${title}, by rule ${rule}`,
  didConfirm: (title: string) => `Confirmed “${title}”`,
  didDismiss: (title: string) => `Dismissed “${title}”`,
  didTake: (title: string) => `In and out of “${title}”`,
  didLeave: (title: string) => `In and out from before “${title}”`,
};
