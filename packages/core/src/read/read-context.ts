import type { MessageIdCodec, ReadOnlyWALImpls, Runtime, TimeTick } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'
import type { WalMetrics } from '../diagnostics/wal-metrics.js'
import type { LogEnd } from '../log/log-end.js'
import type { LogTail } from './log-tail.js'
import type { PageBudget } from './page-budget.js'
import type { ReorderBudget } from './stage/reorder-budget.js'

/** What a scanner needs from the WAL that it reads. */
export interface ReadContext {
  /** Backend and channel, as errors and log lines name them. */
  readonly where: string
  readonly backend: string
  readonly ids: MessageIdCodec
  readonly runtime: Runtime
  readonly logger: Logger
  /** Undefined when no metrics are collected. */
  readonly metrics: WalMetrics | undefined
  /** The backend's log that is open at present. Throws when the log could not be opened again for readers. */
  log(): ReadOnlyWALImpls
  /**
   * Settles when the attempt to open the log again is over; a writer makes one after a lost fence. Undefined when there is
   * none.
   */
  reopening?(): Promise<unknown> | undefined
  /** The shared tail for scanners that have reached the log's end; undefined for scanners that read from the backend alone. */
  readonly tail: LogTail | undefined
  /** Limits the bytes that all scanners of the WAL hold while their users do not ask for them. */
  readonly pages: PageBudget
  /** Limits the bytes of another system's records that all scanners of the WAL hold until their order is settled. */
  readonly reorder: ReorderBudget
  /**
   * Moves this process's clock past a time tick that was read. Returns false when that time tick is too far ahead to be
   * followed.
   */
  follow(timeTick: TimeTick): boolean
  /** Tells a writer that a scanner delivers time ticks, so it appends one now and then; the returned function ends that. */
  followTicks?(): () => void
  /**
   * Where the log ends. A writer answers from memory; with `asking` it first asks the backend whether a newer writer has taken
   * over.
   */
  end(signal: AbortSignal, asking?: boolean): Promise<LogEnd>
}

/** What a single search in the log needs: the reading WAL, and a signal that gives the search up. */
export interface ReadLook extends ReadContext {
  readonly signal: AbortSignal
}
