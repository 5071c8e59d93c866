import { RESERVED, type Runtime, type Timer, type TimeTick } from '@wal/walimpls'
import type { TaskOwner } from '../append/append-task.js'
import type { Appender } from '../append/appender.js'
import type { Logger } from '../diagnostics/logger.js'
import { formatTruncationPoint, type TruncationPoint } from '../position/truncation-point.js'

/** A tick is due after so many bytes as well, which bounds the tail that an open has to read. */
const TICK_BYTES = 8 << 20

/**
 * Persists time ticks: a while after something new was written, never while nothing is. Each carries what an open has to
 * know: the log's identity, where to read from, where the log begins.
 */
export class Ticker {
  readonly #runtime: Runtime
  readonly #appender: Appender
  readonly #logger: Logger
  readonly #intervalMs: number
  readonly #logIdentity: string
  truncation: TruncationPoint | undefined
  #timer: Timer | undefined
  #newBytes = 0

  constructor(options: {
    runtime: Runtime
    appender: Appender
    logger: Logger
    intervalMs: number
    logIdentity: string
    truncation: TruncationPoint | undefined
  }) {
    this.#runtime = options.runtime
    this.#appender = options.appender
    this.#logger = options.logger
    this.#intervalMs = options.intervalMs
    this.#logIdentity = options.logIdentity
    this.truncation = options.truncation
  }

  /** So many bytes were stored since. */
  wrote(bytes: number): void {
    this.#newBytes += bytes
    if (this.#newBytes >= TICK_BYTES) this.#persist()
    else
      this.#timer ??= this.#runtime.setTimeout(() => this.#persist(), this.#intervalMs, { background: true })
  }

  /** A time tick now; resolves when it is durable. */
  tick(options: { timeoutMs?: number } = {}): Promise<TimeTick> {
    this.#rest()
    return new Promise((resolve, reject) => {
      const owner: TaskOwner = { resolve: (result) => resolve(result.timeTick), reject }
      this.#appender.submitTick(tickProperties(this.#logIdentity, this.truncation), owner, options.timeoutMs)
    })
  }

  close(): void {
    this.#timer?.clear()
    this.#timer = undefined
  }

  #persist(): void {
    this.tick().catch((error: unknown) => {
      // Whoever has to know learns it from an append or from `wal.signal`.
      this.#logger.debug({ error }, 'a time tick was not persisted')
    })
  }

  #rest(): void {
    this.close()
    this.#newBytes = 0
  }
}

/** The reserved properties of a time tick. The recovery point is the tick itself: no state of ours spans it yet. */
export function tickProperties(logIdentity: string, truncation: TruncationPoint | undefined): string[] {
  const list: string[] = [RESERVED.logIdentity, logIdentity, RESERVED.recoveryPoint, '']
  if (truncation !== undefined) list.push(RESERVED.truncationPoint, formatTruncationPoint(truncation))
  return list
}
