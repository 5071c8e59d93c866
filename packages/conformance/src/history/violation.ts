import type { HistoryEvent } from './history-event.js'

/** The number of a rule of the history checker in `docs/guarantees.md`. */
export type Rule = 1 | 2 | 3 | 4 | 5 | 6 | 7

export interface Violation {
  readonly rule: Rule
  /** The events of the history that contradict each other, the earliest first. */
  readonly events: readonly HistoryEvent[]
  /** One sentence that says which rule was broken, and how. */
  readonly text: string
}

/** Reports a broken rule, with a sentence and the events that show it. Events that are undefined are left out. */
export type Report = (rule: Rule, text: string, ...events: readonly (HistoryEvent | undefined)[]) => void
