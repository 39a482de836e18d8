/** The clips that rules suggest, in German. */

import type { suggestion as en } from '../en/suggestion.ts';

export const suggestion = {
  title: 'Vorschläge',
  watch: (title: string) => `${title} ansehen`,
  by: (rule: string) => `von Regel ${rule}`,
  times: (count: number) => `×${count}`,
  confirm: 'Bestätigen',
  confirmOf: (title: string) => `${title} bestätigen`,
  confirmHint: 'Diesen Clip machen',
  adjust: 'Anpassen',
  adjustOf: (title: string) => `${title} anpassen`,
  adjustHint: 'In und Out verschieben, bevor der Clip gemacht wird',
  dismiss: 'Verwerfen',
  dismissOf: (title: string) => `${title} verwerfen`,
  dismissHint: 'Diesen Clip nicht machen',
  adjusting: (title: string) => `In und Out von „${title}“ verschieben.`,
  save: 'Speichern und bestätigen',
  leave: 'Lassen, wie es war',
  note: 'Eine Regel schlägt diesen Clip vor. Er wird gemacht, sobald jemand ihn bestätigt.',
  rule: (name: string) => `Regel ${name}`,

  says: (title: string, rule: string) => `Vorschlag: ${title}, von Regel ${rule}`,
  didConfirm: (title: string) => `„${title}“ bestätigt`,
  didDismiss: (title: string) => `„${title}“ verworfen`,
  didTake: (title: string) => `In und Out von „${title}“`,
  didLeave: (title: string) => `In und Out von vor „${title}“`,
} satisfies typeof en;
