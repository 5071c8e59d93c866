import { type Runtime, WalError } from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { Logger } from '../api/logger.js'
import { isLater, logKey, type ProcessWriter, processWriters } from './process-writers.js'

/** The place of a log's writer in this process: one writer takes it, and the one that had it is closed. */
export class WriterSeat {
  readonly #backend: string
  readonly #where: string
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #signal: AbortSignal
  #leave = (): void => {}

  /** `signal`: of the open; ends the waiting for the writer that is closed. */
  constructor(parts: {
    readonly backend: string
    readonly where: string
    readonly runtime: Runtime
    readonly logger: Logger
    readonly signal: AbortSignal
  }) {
    this.#backend = parts.backend
    this.#where = parts.where
    this.#runtime = parts.runtime
    this.#logger = parts.logger
    this.#signal = parts.signal
  }

  /** Closes the process's writer of that log before another opens it at `term`. Whether there was one. */
  async vacate(place: string, logIdentity: string, term: number): Promise<boolean> {
    const writers = processWriters(this.#runtime)
    const key = logKey(this.#backend, place, logIdentity)
    const present = writers.get(key)
    if (present === undefined) return false
    await this.#close(present, term)
    // One that would not end in time is left to the log's fence.
    if (writers.get(key) === present) writers.delete(key)
    return true
  }

  /**
   * The open has succeeded. Another that went on at the same time (a new log has no identity to know it by) is closed,
   * or, if its opening record is the later one, has fenced this one: `WAL_FENCED`.
   */
  async take(place: string, logIdentity: string, writer: ProcessWriter): Promise<void> {
    const writers = processWriters(this.#runtime)
    const key = logKey(this.#backend, place, logIdentity)
    const present = writers.get(key)
    if (present !== undefined && isLater(present, writer))
      throw new WalError(
        'WAL_FENCED',
        `${this.#where}: the log was opened in this process at term ${present.term} while term ${writer.term} was being opened. Let one part of the process be the writer.`,
      )
    writers.set(key, writer)
    this.#leave = () => {
      if (writers.get(key) === writer) writers.delete(key)
    }
    if (present !== undefined) await this.#close(present, writer.term)
  }

  /** The writer is closed, fenced or lost. */
  leave(): void {
    this.#leave()
  }

  async #close(writer: ProcessWriter, term: number): Promise<void> {
    const reason = `this process opened the log for writing again, at term ${term}, and has one writer for each log`
    const closing = writer.supersede(reason).catch((err: unknown) => {
      this.#logger.warn({ err, term: writer.term }, `${this.#where}: the writer before did not close well`)
    })
    const closed = new AbortController()
    const late = sleep(this.#runtime, writer.patienceMs, closed.signal)
    try {
      await abortable(Promise.race([closing, late]), this.#signal)
    } finally {
      closed.abort()
    }
  }
}
