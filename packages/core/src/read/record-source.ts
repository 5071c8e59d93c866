import {
  type MessageId,
  type ReadOnlyWALImpls,
  type ScannerImpls,
  type StartPosition,
  WalError,
} from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { BufferReader } from '../buffer/write-ahead-buffer.js'
import { mayPass } from '../errors/classify.js'
import { decodeRecord, type LogRecord } from './log-record.js'
import { READ_BYTES, type ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import { WriterJudge } from './writer-judge.js'

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 5000

/** Records that count, in order; none at all once when the end is met. `shared`: other readers have them too. */
export interface RecordRun {
  readonly records: readonly LogRecord[]
  readonly shared: boolean
}

/**
 * The records that count, from catch-up (the backend) and tailing (the write-ahead buffer) as one sequence without gap
 * or doubling. It goes over to the buffer when the buffer has everything above the last time tick counted, and back to
 * the backend, behind the last record seen, when it fell out of the buffer. A backend error that may pass is met by a
 * new backend scanner from the last record seen, never from the original start.
 */
export class RecordSource {
  readonly #context: ReadContext
  readonly #signal: AbortSignal
  readonly #judge: WriterJudge
  #resumed: ReadPlan['resumed']
  /** Where a new backend scanner starts: behind what was seen, as near as possible. */
  #start: StartPosition
  #log: ReadOnlyWALImpls | undefined
  #scanner: ScannerImpls | undefined
  #tail: BufferReader | undefined
  #endTold = false
  #failures = 0

  constructor(context: ReadContext, plan: ReadPlan, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
    this.#judge = new WriterJudge(plan.known)
    this.#start = plan.start
    this.#resumed = plan.resumed
  }

  /** Last time tick that counted. */
  get timeTick(): bigint {
    return this.#judge.timeTick
  }

  get writer() {
    return this.#judge.writer
  }

  /** Rejects with the signal's reason, or with what no retry can mend. One call at a time. */
  async next(): Promise<RecordRun> {
    for (;;) {
      this.#signal.throwIfAborted()
      const run = this.#tail === undefined ? await this.#catchUp() : await this.#tailing(this.#tail)
      if (run === undefined) continue
      this.#endTold = run.records.length === 0
      return run
    }
  }

  async close(): Promise<void> {
    await this.#closeScanner()
  }

  async #tailing(tail: BufferReader): Promise<RecordRun | undefined> {
    const taken = tail.take()
    if (taken === 'evicted') {
      this.#tail = undefined
      return undefined
    }
    if (taken === undefined) {
      if (!this.#endTold) return { records: [], shared: true }
      await this.#bufferChange()
      return undefined
    }
    const records = taken.filter((record) => this.#judge.counts(record))
    const last = taken[taken.length - 1]
    if (last !== undefined)
      this.#start = {
        from: last.lastConfirmed === '' ? last.id : this.#context.ids.parse(last.lastConfirmed),
      }
    return records.length === 0 ? undefined : { records, shared: true }
  }

  async #catchUp(): Promise<RecordRun | undefined> {
    let batch: Awaited<ReturnType<ScannerImpls['next']>>
    try {
      const log = this.#context.log()
      // The writer's log may have been opened anew (its fence was taken and asserted again).
      if (log !== this.#log) await this.#closeScanner()
      this.#log = log
      this.#scanner ??= log.read({
        start: this.#start,
        maxBytes: READ_BYTES,
        signal: this.#signal,
      })
      batch = await this.#scanner.next()
    } catch (error) {
      await this.#afterFailure(error)
      return undefined
    }
    if (batch === undefined) {
      this.#signal.throwIfAborted()
      if (await this.#reopened()) return undefined
      throw new WalError('WAL_CLOSED', `${this.#context.where}: the log was closed under a scanner`)
    }
    this.#failures = 0
    const { where, ids } = this.#context
    const records: LogRecord[] = []
    let lastId: MessageId | undefined
    for (const stored of batch) {
      const record = decodeRecord(stored, where, ids)
      lastId = record.id
      const counts = this.#judge.counts(record)
      if (this.#resumed !== undefined) this.#checkResumed(record, counts)
      if (counts) records.push(record)
    }
    if (lastId !== undefined) this.#start = { from: lastId }
    if (records.length > 0) this.#context.follow(this.#judge.timeTick)
    await this.#switchToBuffer()
    if (records.length > 0) return { records, shared: false }
    return batch.length === 0 && !this.#endTold && this.#tail === undefined
      ? { records, shared: false }
      : undefined
  }

  async #switchToBuffer(): Promise<void> {
    const { buffer } = this.#context
    if (buffer === undefined || this.#resumed !== undefined || !buffer.covers(this.#judge.timeTick)) return
    this.#tail = buffer.readAfter(this.#judge.timeTick)
    await this.#closeScanner()
  }

  /** A resumed scanner must meet the record of its position before any later one counts (G8). */
  #checkResumed(record: LogRecord, counts: boolean): void {
    const { writer, timeTick } = this.#resumed as NonNullable<ReadPlan['resumed']>
    if (record.timeTick === timeTick && record.term === writer.term) this.#resumed = undefined
    else if (counts)
      throw new WalError(
        'WAL_LOG_ROLLED_BACK',
        `${this.#context.where}: the record of the position (time tick ${timeTick}, term ${writer.term}) is gone; the log goes on with time tick ${record.timeTick} of term ${record.term}. It lost its end, probably in a failover: whatever was acknowledged above the common part is lost.`,
      )
  }

  async #afterFailure(error: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    await this.#closeScanner()
    if (WalError.isInstance(error) && error.code === 'WAL_CLOSED' && (await this.#reopened())) return
    if (!mayPass(error)) throw error
    const { runtime, logger, where } = this.#context
    logger.warn(
      { error, failures: this.#failures },
      `${where}: reading failed, starting again behind the last record`,
    )
    const ms = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures++, 16))
    await sleep(runtime, ms * (0.5 + runtime.random() / 2), this.#signal)
  }

  /** Whether the log under the scanner was closed only to be opened anew (the writer's fence was taken). */
  async #reopened(): Promise<boolean> {
    await abortable(this.#context.reopening?.() ?? Promise.resolve(), this.#signal)
    return this.#context.log() !== this.#log
  }

  async #closeScanner(): Promise<void> {
    const scanner = this.#scanner
    this.#scanner = undefined
    await scanner?.close()
  }

  /** Resolves when the buffer has changed, or the signal aborts. */
  #bufferChange(): Promise<void> {
    const { buffer } = this.#context
    return new Promise((resolve) => {
      const done = (): void => {
        stopWaiting?.()
        this.#signal.removeEventListener('abort', done)
        resolve()
      }
      const stopWaiting = buffer?.onChange(done)
      // The signal is the scanner's own, and this its only listener at a time.
      this.#signal.addEventListener('abort', done, { once: true })
    })
  }
}
