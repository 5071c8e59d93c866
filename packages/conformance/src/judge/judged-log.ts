import type { CompareIds } from '../history/compare-ids.js'
import type { HistoryIndex } from '../history/history-index.js'
import type { Report } from '../history/violation.js'

/** One log of a history, as the check of each rule gets it. */
export interface JudgedLog {
  readonly index: HistoryIndex
  readonly compareIds: CompareIds
  readonly report: Report
}
