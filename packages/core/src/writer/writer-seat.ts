import { type Runtime, WalError } from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { Logger } from '../api/logger.js'
import { isLater, logKey, type ProcessWriter, processWriters } from './process-writers.js'

/** Keeps to one writer of a log in this process: who opens it again closes the writer that was there. */
export class WriterSeat {
  readonly #backend: string
  readonly #where: string
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #signal: AbortSignal
  #leave = (): void => {}

  /** `signal`: the open's. It ends the wait for a writer that is being closed. */
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

  /** Closes this process's writer of that log, before another opens it at `term`. Answers whether there was one. */
  async closePresent(place: string, logIdentity: string, term: number): Promise<boolean> {
    const writers = processWriters(this.#runtime)
    const key = logKey(this.#backend, place, logIdentity)
    const present = writers.get(key)
    if (present === undefined) return false
    await this.#close(present, term)
    // A writer that does not close in time is kept out by the log's fence.
    if (writers.get(key) === present) writers.delete(key)
    return true
  }

  /**
   * Makes `writer`, whose open has succeeded, this process's writer of the log. Another open may have succeeded at the same
   * time, since nothing tells two opens of a new log that they are of one log. Its writer is closed; if its opening record is
   * the later one, this writer is the replaced one and the call rejects with `WAL_FENCED`.
   */
  async occupy(place: string, logIdentity: string, writer: ProcessWriter): Promise<void> {
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

  /** Called when the writer was closed or replaced. */
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
