import type { Batch, MessageId } from '@wal/walimpls'
import { outcomeOf, systemRuntime } from '@wal/walimpls'
import { type TestWriter, text } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import { pause } from '../kit/patience.js'

/** Every other batch is large, so that storing it takes longer than whatever a backend does before it. */
const LARGE_RECORD = 1024
const LARGE_BATCH = 24

/** A batch of a `WriterInFlow`, and what became of it. */
export interface FlowBatch {
  readonly batch: Batch
  /** One a record; each begins its record's payload. */
  readonly names: readonly string[]
  /** Those that the attempt which was acknowledged answered. */
  ids?: readonly MessageId[]
  /** Of all attempts: once one may have landed, only an acknowledgement says more. */
  outcome?: 'acked' | 'not-written' | 'unknown'
  /** What the last attempt failed with. */
  error?: unknown
}

/**
 * A writer at the contract that keeps as many batches in flight as it may, as the adaptor does: a further batch goes out
 * only at the beginning of a turn of the event loop; after a failure it waits for every batch in flight, then sends those
 * that failed again, in order. It ends when it is told that it is fenced, or when it is stopped.
 */
export class WriterInFlow {
  readonly batches: FlowBatch[] = []
  acks = 0
  failures = 0
  /** Failures after which the batch may have been stored. */
  unknowns = 0
  /** Batches that settled before one that was handed in earlier. */
  readonly outOfTurn: FlowBatch[] = []
  /** Batches that were acknowledged although one before them had failed. */
  readonly behindFailure: FlowBatch[] = []
  /** Why it ended, when it was not stopped. */
  ending: { readonly error: unknown } | undefined
  readonly #inFlight: { readonly batch: FlowBatch; readonly settled: Promise<void> }[] = []
  readonly #running: Promise<void>
  #failed = false
  #stopped = false

  /** Called with those that failed, and the last id acknowledged before, when none is in flight. */
  readonly #beforeSendingAgain: (failed: readonly FlowBatch[], before: MessageId | undefined) => Promise<void>

  constructor(
    readonly writer: TestWriter,
    readonly name: string,
    beforeSendingAgain: (failed: readonly FlowBatch[], before: MessageId | undefined) => Promise<void> = () =>
      pause(5),
  ) {
    this.#beforeSendingAgain = beforeSendingAgain
    this.#running = this.#run()
    // Those who await `ended` have the error.
    this.#running.catch(() => {})
  }

  get inFlight(): number {
    return this.#inFlight.length
  }

  /** Nothing new goes out from now on; what failed is still sent again. */
  stop(): void {
    this.#stopped = true
  }

  /** Resolves when every batch has an outcome and nothing is sent any more. */
  ended(): Promise<void> {
    return this.#running
  }

  /** Whose batches, how many, and the last error: for the report of a failed test. */
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

  /** Whether there is reason to go on. */
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
