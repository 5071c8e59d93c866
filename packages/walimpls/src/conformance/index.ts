export { type CheckHistoryOptions, checkHistory } from './history/check-history.js'
export { type CompareIds, compareNumberIds } from './history/compare-ids.js'
export type {
  AppendFailed,
  AppendInvoked,
  AppendResolved,
  AppendUnknown,
  AppendWritten,
  Delivered,
  EventBody,
  Fenced,
  HistoryEvent,
  HistoryWriterName,
  Opened,
  OpenFailed,
  OpenInvoked,
  RolledBack,
  ScannerGap,
  ScannerReached,
  ScannerStarted,
  Truncated,
  TruncateInvoked,
} from './history/history-event.js'
export { HistoryWriter } from './history/history-writer.js'
export { type ReadHistory, readHistory } from './history/read-history.js'
export type { Rule, Violation } from './history/violation.js'
