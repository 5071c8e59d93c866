import { type Runtime, WalError } from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { Logger } from '../api/logger.js'
import { isLater, logKey, type ProcessWriter, processWriters } from './process-writers.js'

/** Keeps this process to one writer for each log: an open for writing closes the writer that this process has already. */
export class WriterSeat {
  readonly #backend: string
  readonly #where: string
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #signal: AbortSignal
  #leave = (): void => {}

  /** `signal` gives the open up: it ends the wait for the earlier writer's close. */
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

  /**
   * Closes the writer of that log in this process, before another one opens the log at `term`. Returns whether there was one.
   */
  async closePresent(place: string, logIdentity: string, term: number): Promise<boolean> {
    const writers = processWriters(this.#runtime)
    const key = logKey(this.#backend, place, logIdentity)
    const present = writers.get(key)
    if (present === undefined) return false
    await this.#close(present, term)
    // An earlier writer that does not close in time is kept out by the log's fence.
    if (writers.get(key) === present) writers.delete(key)
    return true
  }

  /**
   * Makes `writer`, whose open has succeeded, the writer of the log in this process. Two opens of a new log may succeed at the
   * same time, since a new log has no identity yet by which they could find each other. The one with the earlier opening record
   * is replaced: it is closed, or, if it is this one, this call rejects with `WAL_FENCED`.
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
