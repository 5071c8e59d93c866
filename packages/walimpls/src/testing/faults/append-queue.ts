import type { Batch } from '../../batch.js'
import { AppendError, outcomeOf } from '../../errors/append-error.js'
import { WalError } from '../../errors/wal-error.js'
import type { MessageId } from '../../message/message-id.js'
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

export interface AppendQueueParts {
  readonly context: FaultContext
  readonly sent: SentBatches
  /** Aborted when the log is closed. From then on `store` itself refuses. */
  readonly closing: AbortSignal
  readonly store: (append: QueuedAppend) => Promise<readonly MessageId[]>
}

/**
 * Stores batches in call order, one at a time. When one fails, all batches that wait behind it are refused with it, as by a
 * driver whose connection broke. This keeps G3 under every fault: with 1, 2, 3 in the queue and 2 failing, 1 is stored, 2 and
 * 3 are not. Only the fault `hole` breaks it: 2 fails alone.
 */
export class AppendQueue {
  readonly #waiting: Call[] = []
  #working = false
  /**
   * The batches that were refused in this turn of the event loop. A caller that sends another batch in this turn cannot know
   * of the failure yet, so that batch is refused too. A caller that sends one of these batches again does know.
   */
  #failed: Set<Batch> | undefined

  readonly #parts: AppendQueueParts

  constructor(parts: AppendQueueParts) {
    this.#parts = parts
  }

  push(append: QueuedAppend): Promise<readonly MessageId[]> {
    if (this.#parts.closing.aborted || this.#failed?.has(append.batch)) this.#failed = undefined
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
        const ids = await this.#parts.store(call)
        this.#parts.sent.stored(call.batch)
        this.#waiting.shift()
        call.resolve(ids)
      } catch (error) {
        if (call.decision?.kind === 'hole') this.#failAlone(call, error)
        else this.#fail(error)
      }
    }
    this.#working = false
  }

  #fail(error: unknown): void {
    const [first, ...behind] = this.#waiting.splice(0) as [Call, ...Call[]]
    const failed = new Set([first, ...behind].map((call) => call.batch))
    this.#failed = failed
    void this.#parts.context.runtime.yield().then(() => {
      if (this.#failed === failed) this.#failed = undefined
    })
    first.reject(this.#told(first.batch, error))
    for (const call of behind) call.reject(this.#turnAway(call.batch))
  }

  #failAlone(call: Call, error: unknown): void {
    this.#waiting.shift()
    call.reject(this.#told(call.batch, error))
  }

  #turnAway(batch: Batch): unknown {
    this.#parts.context.faults.turnedAway++
    const text = 'fault injection: not stored, since a batch before it failed'
    return this.#told(batch, new AppendError('WAL_UNAVAILABLE', text, { outcome: 'not-written' }))
  }

  /** The error that the caller gets. When an earlier attempt may have stored the batch, a later `not-written` becomes `unknown`. */
  #told(batch: Batch, error: unknown): unknown {
    const { sent } = this.#parts
    if (outcomeOf(error) === 'unknown') sent.mayBeStored(batch)
    else if (sent.isUncertain(batch) && WalError.isInstance(error)) {
      const { code, message, retryable } = error
      return new AppendError(code, message, { cause: error, retryable, outcome: 'unknown' })
    }
    return error
  }
}
