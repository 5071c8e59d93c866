import type { MessageIdCodec, ReadOnlyWALImpls, Runtime, TimeTick } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'
import type { WalMetrics } from '../diagnostics/wal-metrics.js'
import type { LogEnd } from '../log/log-end.js'
import type { LogTail } from './log-tail.js'
import type { PageBudget } from './page-budget.js'
import type { ReorderBudget } from './stage/reorder-budget.js'

/** What a scanner needs of the WAL it reads. */
export interface ReadContext {
  /** Backend and channel, as errors and log lines name them. */
  readonly where: string
  readonly backend: string
  readonly ids: MessageIdCodec
  readonly runtime: Runtime
  readonly logger: Logger
  /** Undefined where nobody collects metrics. */
  readonly metrics: WalMetrics | undefined
  /** The backend's log, as it is open now. Throws when it can't be opened for readers any more. */
  log(): ReadOnlyWALImpls
  /** Settles when the log that is being opened again (after a lost fence) is there, or never will be; undefined when none is. */
  reopening?(): Promise<unknown> | undefined
  /** Where scanners that reached the log's end go on; undefined for those that read in the backend alone. */
  readonly tail: LogTail | undefined
  /** For what scanners hold while their users do not ask for it; shared by the WAL's scanners. */
  readonly pages: PageBudget
  /** For records of another system's log whose order is not settled yet; shared by the WAL's scanners. */
  readonly reorder: ReorderBudget
  /** Moves the process's clock past a time tick that was read, unless that is too far ahead. */
  follow(timeTick: TimeTick): boolean
  /** On a writer: a scanner delivers time ticks, until the returned function is called. */
  followTicks?(): () => void
  /** Where the log ends, as far as is known here; `asking` makes a writer ask whether it has been succeeded. */
  end(signal: AbortSignal, asking?: boolean): Promise<LogEnd>
}

/** One look into the log, which ends with its signal. */
export interface ReadLook extends ReadContext {
  readonly signal: AbortSignal
}
