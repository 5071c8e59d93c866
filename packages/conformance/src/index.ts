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
export { type CheckHistoryOptions, checkHistory } from './judge/check-history.js'
export type {
  AdaptorOptions,
  Appended,
  DeliveredRecord,
  LogScanner,
  OpenWal,
  ReadOnlyLog,
  WriterLog,
} from './kit/adaptor.js'
export type {
  BackendUnderTest,
  ConformanceOptions,
  LostRecords,
  ProcessOptions,
  SavedState,
  TestFunction,
} from './kit/conformance-options.js'
export { type ConformanceProcess, conformanceProcess } from './processes/conformance-process.js'
export {
  type ConformanceResult,
  conformanceTests,
  PART_NAMES,
  type PartName,
  runConformance,
} from './suite.js'
export {
  assertKept,
  delivered,
  invoked,
  namedRecord,
  notAcked,
  resolved,
  written,
} from './workload/history-recorder.js'
