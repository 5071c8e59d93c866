import { AppendError, outcomeOf } from '../../errors/append-error.js'
import { WalError } from '../../errors/wal-error.js'
import type { MessageId } from '../../message/message-id.js'
import type { Batch } from '../../wal.js'
import type { FaultDecision } from './faults.js'
import type { FaultContext } from './faulty-call.js'
import type { SentBatches } from './sent-batches.js'

export interface QueuedAppend {
  readonly batch: Batch
  readonly decision: FaultDecision | undefined
}

interface Call extends QueuedAppend {
  resolve(ids: readonly MessageId[]): void
  reject(error: unknown): void
}

/**
 * Appends in call order, one at a time, which keeps the promise of prefixes (G3) whatever goes wrong: when one fails,
 * all that wait behind it are turned away at one blow with it, as by a driver whose connection broke.
 */
export class AppendQueue {
  readonly #waiting: Call[] = []
  #working = false
  /**
   * What was turned away in this turn. A new batch handed in now comes from a caller who can't know yet, and counts as
   * behind; one of these comes from a caller who knows.
   */
  #failed: Set<Batch> | undefined

  readonly #context: FaultContext
  readonly #sent: SentBatches
  readonly #closing: AbortSignal
  /** After the close it refuses by itself. */
  readonly #store: (append: QueuedAppend) => Promise<readonly MessageId[]>

  constructor(
    context: FaultContext,
    sent: SentBatches,
    closing: AbortSignal,
    store: (append: QueuedAppend) => Promise<readonly MessageId[]>,
  ) {
    this.#context = context
    this.#sent = sent
    this.#closing = closing
    this.#store = store
  }

  push(append: QueuedAppend): Promise<readonly MessageId[]> {
    if (this.#closing.aborted || this.#failed?.has(append.batch)) this.#failed = undefined
    if (this.#failed !== undefined) {
      this.#failed.add(append.batch)
      return Promise.reject(this.#turnAway(append.batch))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...append, resolve, reject })
      if (!this.#working) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#working = true
    for (let call = this.#waiting[0]; call !== undefined; call = this.#waiting[0]) {
      try {
        const ids = await this.#store(call)
        this.#sent.stored(call.batch)
        this.#waiting.shift()
        call.resolve(ids)
      } catch (error) {
        this.#fail(error)
      }
    }
    this.#working = false
  }

  #fail(error: unknown): void {
    const [first, ...behind] = this.#waiting.splice(0) as [Call, ...Call[]]
    const failed = new Set([first, ...behind].map((call) => call.batch))
    this.#failed = failed
    void this.#context.runtime.yield().then(() => {
      if (this.#failed === failed) this.#failed = undefined
    })
    first.reject(this.#told(first.batch, error))
    for (const call of behind) call.reject(this.#turnAway(call.batch))
  }

  #turnAway(batch: Batch): unknown {
    this.#context.faults.turnedAway++
    const text = 'fault injection: not stored, since a batch before it failed'
    return this.#told(batch, new AppendError('WAL_UNAVAILABLE', text, { outcome: 'not-written' }))
  }

  /** The outcome speaks of the batch: it is unknown when an earlier attempt may have landed. */
  #told(batch: Batch, error: unknown): unknown {
    if (outcomeOf(error) === 'unknown') this.#sent.mayBeStored(batch)
    else if (this.#sent.isUncertain(batch) && WalError.isInstance(error)) {
      const { code, message, retryable } = error
      return new AppendError(code, message, { cause: error, retryable, outcome: 'unknown' })
    }
    return error
  }
}
