/** The editor of rules, in German. */

import type { RuleDraft, RuleField } from '../../rule/rule.ts';
import type { rule as en } from '../en/rule.ts';

export const rule = {
  title: 'Regeln',
  open: 'Regeln',
  hint: 'Eine Regel macht aus Marken Vorschläge oder Clips, sobald sie gespeichert ist.',
  add: 'Neue Regel',
  create: 'Regel anlegen',
  save: 'Speichern',
  saved: (name: string) => `Die Regel „${name}“ ist gespeichert`,
  remove: 'Regel löschen',
  removed: (name: string) => `Die Regel „${name}“ ist gelöscht. Was sie gemacht hat, bleibt.`,
  gone: 'Jemand hat diese Regel gelöscht.',
  enabledOf: (name: string) => `${name} ist an`,
  isOn: (name: string) => `${name} ist an`,
  isOff: (name: string) => `${name} ist aus`,
  more: 'Weitere Bedingungen',
  ofChannel: 'wie im Kanal eingestellt',
  seen: 'Marken dieses Kanals:',
  addLabel: (label: string) => `Den Namen ${label} hinzufügen`,
  held: 'Die Clips vor Zuschauern zurückhalten',
  merge: 'Aus Clips, die sich überschneiden, einen machen',

  fields: {
    name: 'Name der Regel',
    enabled: 'An',
    labels: 'Namen der Marken',
    beforeSeconds: 'Sekunden vor der Marke',
    afterSeconds: 'Sekunden danach',
    mode: 'Was sie macht',
    title: 'Titel der Clips',
    clipTags: 'Tags der Clips',
    description: 'Beschreibung der Clips',
    listed: 'In den Listen der Zuschauer',
    channels: 'Kanäle',
    sources: 'Quellen der Marken',
    minConfidence: 'Geringste Sicherheit, 0 bis 1',
    tags: 'Tags der Marken',
    competition: 'Wettbewerb der Clips',
    precision: 'Genauigkeit',
    minIntervalSeconds: 'Sekunden zwischen zwei Clips',
    merge: 'Überschneidende Clips',
    excludeLabels: 'Strecken auslassen von',
  } satisfies Record<RuleField, string> as Record<RuleField, string>,
  hints: {
    labels: 'Einer oder mehrere mit Kommas: goal, penalty',
    title: '{label}, {source} und {tags.player} stehen für Werte der Marke',
    clipTags: 'Mit Kommas: {label}, highlight',
    channels: 'Mit Kommas. Leer: alle',
    sources: 'Mit Kommas: operator, webhook. Leer: alle',
    minConfidence: 'Leer: jede. Eine Marke ohne Angabe zählt als 1',
    tags: 'Alle müssen gleich sein: team: home, half: 2',
    minIntervalSeconds: 'Mindestens, von Marke zu Marke; von näheren Clips wird der erste gemacht',
    excludeLabels: 'Mit Kommas: ad-break',
  } as Partial<Record<RuleField, string>>,
  modes: { suggest: 'Vorschläge', clip: 'Clips' } satisfies Record<RuleDraft['mode'], string>,
  modeHints: {
    suggest: 'Jeder wird von jemandem bestätigt. Bis dahin kostet er nichts.',
    clip: 'Jeder wird gemacht, sobald sein Ende gelaufen ist.',
  } satisfies Record<RuleDraft['mode'], string>,

  conflict: (name: string) =>
    name ? `${name} hat diese Regel inzwischen geändert` : 'Diese Regel wurde inzwischen geändert',
  differs: (fields: string) => `Sie beide haben geändert: ${fields}.`,

  tryOut: 'Ausprobieren',
  tryChannel: 'Kanal zum Ausprobieren',
  tryHour: (channel: string) => `An der letzten Stunde von ${channel} ausprobieren`,
  wouldHave: (count: number) =>
    count === 0
      ? 'Sie hätte keinen Clip gemacht. Gibt es Marken mit diesen Namen?'
      : `Sie hätte ${count === 1 ? 'diesen Clip' : `diese ${count} Clips`} gemacht:`,
  showPlanned: 'Im Livebild zeigen',
} satisfies typeof en;
