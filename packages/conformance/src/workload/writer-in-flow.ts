import type { Batch, MessageId } from '@wal/walimpls'
import { outcomeOf, systemRuntime } from '@wal/walimpls'
import { type TestWriter, text, textOf } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import { pause } from '../kit/patience.js'
import type { Waiting } from '../kit/waiting.js'

/**
 * Every second batch has this many records of this many bytes, so that storing it takes longer than what a backend does before
 * that, such as a check of its fence.
 */
const LARGE_RECORD = 1024
const LARGE_BATCH = 24

/** The name with which the payload of a record of a `WriterInFlow` begins. Dots that make the record larger follow it. */
export function nameOf(record: { readonly payload: Uint8Array }): string {
  return textOf(record).trimEnd().split(' .')[0] as string
}

/** A batch of a `WriterInFlow`, and its outcome. */
export interface FlowBatch {
  readonly batch: Batch
  /** A name for each record. The record's payload begins with the name. */
  readonly names: readonly string[]
  /** The ids that the backend returned for the attempt that was acknowledged. */
  ids?: readonly MessageId[]
  /**
   * The outcome of all attempts to store the batch. After an attempt with unknown outcome the batch stays unknown until a later
   * attempt is acknowledged: a later `not-written` says nothing about the earlier attempt.
   */
  outcome?: 'acked' | 'not-written' | 'unknown'
  /** The error of the last attempt. */
  error?: unknown
}

/** Called when no batch is in flight, before failed batches are sent again. `before`: the last id acknowledged. */
export type BeforeSendingAgain = (
  failed: readonly FlowBatch[],
  before: MessageId | undefined,
) => Promise<void>

/**
 * A writer that calls a backend directly and keeps as many batches in flight as the log allows. It behaves as `@wal/core`
 * does: it sends a new batch only at the beginning of a turn of the event loop; after a failure it waits until every batch in
 * flight has settled, then sends the failed ones again in their order. It ends when it is fenced or stopped.
 */
export class WriterInFlow {
  readonly batches: FlowBatch[] = []
  acks = 0
  failures = 0
  /** The number of attempts whose outcome was unknown. */
  unknowns = 0
  /** The number of batches that settled before a batch that was sent earlier. */
  readonly outOfTurn: FlowBatch[] = []
  /** The number of batches that were acknowledged although an earlier batch had failed. */
  readonly behindFailure: FlowBatch[] = []
  /** The error that ended this writer; undefined while it runs, and when `stop` ended it. */
  ending: { readonly error: unknown } | undefined
  readonly #inFlight: { readonly batch: FlowBatch; readonly settled: Promise<void> }[] = []
  readonly #running: Promise<void>
  readonly #beforeSendingAgain: BeforeSendingAgain
  #failed = false
  #stopped = false

  constructor(
    readonly writer: TestWriter,
    readonly name: string,
    beforeSendingAgain: BeforeSendingAgain = () => pause(5),
  ) {
    this.#beforeSendingAgain = beforeSendingAgain
    this.#running = this.#run()
    // The test gets the error through `ended`, so the rejection must not count as unhandled.
    this.#running.catch(() => {})
  }

  get inFlight(): number {
    return this.#inFlight.length
  }

  /** Resolves when this many batches in all are acknowledged, or when an error has ended the writer. */
  untilAcked(acks: number, waiting: Waiting): Promise<void> {
    return waiting.until(
      () => `${acks} batches are acked (${this})`,
      () => this.acks >= acks || this.ending !== undefined,
    )
  }

  /** From now on no new batch is sent. Batches that failed are still sent again. */
  stop(): void {
    this.#stopped = true
  }

  /** Resolves when every batch has an outcome and none is sent any more. */
  ended(): Promise<void> {
    return this.#running
  }

  /** For the report of a failed test: the writer's name, the number of its acknowledged batches, and its last error. */
  toString(): string {
    const last = [...this.batches].reverse().find(({ error }) => error !== undefined)?.error
    const said = last === undefined ? '' : `, its last error ${describeError(last)}`
    return `${this.name} with ${this.acks} batches acked${said}`
  }

  async #run(): Promise<void> {
    const { limits } = this.writer.wal
    for (;;) {
      await systemRuntime.yield()
      if (this.#failed || this.#stopped) {
        await Promise.all(this.#inFlight.map(({ settled }) => settled))
        if (!this.#failed || !(await this.#sendAgain())) return
      } else if (this.#inFlight.length < limits.maxInFlightBatches) this.#send(this.#next())
      else await this.#inFlight[0]?.settled
    }
  }

  #next(): FlowBatch {
    const ordinal = this.batches.length
    const count = ordinal % 2 === 0 ? 1 + (ordinal % 3) : LARGE_BATCH
    const size = count === LARGE_BATCH ? LARGE_RECORD : 0
    const names = Array.from({ length: count }, (_, i) => `${this.name}.${ordinal}.${i}`)
    const batch = this.writer.batch(...names.map((name) => text(`${name} `.padEnd(size, '.'))))
    const made = { batch, names }
    this.batches.push(made)
    return made
  }

  #send(batch: FlowBatch): void {
    this.#inFlight.push({ batch, settled: this.#attempt(batch) })
  }

  async #attempt(batch: FlowBatch): Promise<void> {
    try {
      batch.ids = await this.writer.wal.append(batch.batch)
      batch.outcome = 'acked'
      batch.error = undefined
      this.acks++
      if (this.#failed) this.behindFailure.push(batch)
    } catch (error) {
      this.failures++
      if (outcomeOf(error) === 'unknown') this.unknowns++
      this.#failed = true
      batch.error = error
      if (batch.outcome !== 'unknown') batch.outcome = outcomeOf(error)
    }
    const place = this.#inFlight.findIndex((each) => each.batch === batch)
    if (place > 0) this.outOfTurn.push(batch)
    this.#inFlight.splice(place, 1)
  }

  #lastAcked(): MessageId | undefined {
    const acked = this.batches.filter(({ outcome }) => outcome === 'acked')
    return acked.at(-1)?.ids?.at(-1)
  }

  /**
   * Sends the failed batches again. Resolves to false when the writer has ended, because it was fenced or its error is final.
   */
  async #sendAgain(): Promise<boolean> {
    const failed = this.batches.filter(({ outcome }) => outcome !== 'acked')
    const error = failed[0]?.error
    const { code, retryable } = (error ?? {}) as { code?: string; retryable?: boolean }
    if (code === 'WAL_FENCED' || retryable === false) {
      this.ending = { error }
      return false
    }
    if (failed.length > 0) await this.#beforeSendingAgain(failed, this.#lastAcked())
    this.#failed = false
    for (const batch of failed) this.#send(batch)
    return true
  }
}
