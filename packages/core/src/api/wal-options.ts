import type { Runtime } from '@wal/walimpls'
import type { Interceptor, InterceptorBuilder } from './interceptor.js'
import type { Logger } from './logger.js'

/** How a WAL behaves, whatever its backend. Sizes are in bytes, times in milliseconds. */
export interface WalOptions {
  /**
   * Memory: a half for the write-ahead buffer, a quarter for appends on their way, a quarter for what scanners hold
   * that nobody has asked for yet. On a read-only WAL that quarter, and a half for what scanners at the log’s end share
   * or, in another system’s log, for records that wait for their order. At least 1 MiB. Default: 64 MiB.
   */
  readonly budgetBytes?: number
  /** How much may wait for room. More is refused with `WAL_RATE_LIMITED`. Default: a quarter of `budgetBytes`. */
  readonly maxWaitingBytes?: number
  /** Size of backend batches to aim for. At least 1 KiB. Default: 1 MiB. */
  readonly batchBytes?: number
  /**
   * How long a small batch waits for company. Messages gather while a batch is in flight anyway. From 0 to 60,000.
   * Default: 0.
   */
  readonly lingerMs?: number
  /** How long an append waits for its outcome. From 1 to 2,147,483,647. Default: 60,000. */
  readonly appendTimeoutMs?: number
  /** How soon after an append a time tick is persisted. From 1 to 60,000. Default: 200. */
  readonly timeTickMs?: number
  /**
   * How often a time tick is persisted on an idle log while a scanner of this WAL reads time ticks. 0: never. From 0 to
   * 3,600,000. Default: 5,000.
   */
  readonly idleTickMs?: number
  /**
   * How soon after its last append an idle writer looks whether it still is the writer. The longer nothing is appended
   * the rarer it looks, up to every 16 times as long, at moments drawn at random. 0: only when it appends. From 0 to
   * 3,600,000. Default: 1,000.
   */
  readonly fenceCheckMs?: number
  /**
   * How long `close` waits for appends in flight. What the backend then has to close (scanners, the log, the client)
   * has 3,000 each. A close that hangs is left behind with a warning. From 0 to 3,600,000. Default: 3,000.
   */
  readonly closeTimeoutMs?: number
  /**
   * A log that is further ahead of the wall clock is refused. One ahead within it gets time ticks at nine tenths of
   * wall speed until the lead is gone. Default: 600,000.
   */
  readonly maxClockAheadMs?: number
  /** How long records stay in the write-ahead buffer at most, on an idle log too. Default: 30,000. */
  readonly bufferAgeMs?: number
  /** Run around every append, the first outermost. Objects, or functions that build one for the WAL. Default: none. */
  readonly interceptors?: readonly (Interceptor | InterceptorBuilder)[]
  /**
   * `debug info warn error`, called `(fields, text)`; an error is in `fields.err`, as pino takes it. One that throws
   * makes an open fail that has a warning to tell; on an open log it loses its line and nothing else. Default: none.
   */
  readonly logger?: Logger
  /** Clock, timers, randomness, files: for simulation. Default: the real ones. */
  readonly runtime?: Runtime
}
