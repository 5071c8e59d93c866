import type { HistoryEvent } from './history-event.js'

/** As `docs/guarantees.md` numbers them. */
export type Rule = 1 | 2 | 3 | 4 | 5 | 6 | 7

export interface Violation {
  readonly rule: Rule
  /** Those that contradict each other, the earliest first. */
  readonly events: readonly HistoryEvent[]
  /** One sentence. */
  readonly text: string
}

export type Report = (rule: Rule, text: string, ...events: readonly (HistoryEvent | undefined)[]) => void
