import type { CompareIds } from '../history/compare-ids.js'
import type { HistoryIndex } from '../history/history-index.js'
import type { Report } from '../history/violation.js'

/** The events of one log, in the form in which the check of each rule gets them. */
export interface JudgedLog {
  readonly index: HistoryIndex
  readonly compareIds: CompareIds
  readonly report: Report
}
