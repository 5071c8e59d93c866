import type { Limits, MessageId, MessageIdCodec, Runtime, WALImpls } from '@wal/walimpls'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import { type Moment, momentOf } from '../time-tick/moment.js'

export interface AnswerTrustOptions {
  readonly ids: MessageIdCodec
  readonly runtime: Pick<Runtime, 'now' | 'monotonic'>
  /** The log as it is open now. */
  readonly log: () => Pick<WALImpls, 'limits'>
  /** Whether the backend's fence keeps other writers out of the log as it is open now. */
  readonly fenceReaches: () => boolean
  /** When the opening record was sent. */
  readonly openedAt: Moment
}

/**
 * Whether an answer of the backend makes a batch acknowledged, or has to be confirmed by a look into the log first. A
 * batch may be acknowledged only when no newer writer's record lies before it: readers would take it for void, and the
 * next opener's look would start at a time tick that does not count.
 *
 * The backend's fence is what proves that. It does not prove it while the fence does not reach, for the first batch behind
 * a fence taken back, when the backend may have forgotten this writer, and when the batch does not follow the last
 * acknowledged record directly.
 */
export class AnswerTrust {
  readonly #options: AnswerTrustOptions
  /** When what was acknowledged last was sent: the backend heard of this writer then or later. */
  #storedAt: Moment
  #doubtful = false

  constructor(options: AnswerTrustOptions) {
    this.#options = options
    this.#storedAt = options.openedAt
  }

  /** To be called when a batch is handed to the backend. */
  sending(batch: BatchInFlight): void {
    if (this.#maxIdleMs !== undefined) batch.sentAt = momentOf(this.#options.runtime)
  }

  /** An attempt failed. A backend that forgets idle writers may have been restarted, without what it knew. */
  failed(): void {
    if (this.#maxIdleMs !== undefined) this.#doubtful = true
  }

  fenceTakenBack(): void {
    this.#doubtful = true
  }

  /** Whether `batch`, stored under `ids`, counts behind the record that was acknowledged last. */
  counts(batch: BatchInFlight, ids: readonly MessageId[], lastAcked: MessageId): boolean {
    // Also under ids that went back, where the log lost its end.
    if (batch.confirmed) return true
    const { fenceReaches, ids: codec } = this.#options
    if (codec.compare(ids[0] as MessageId, lastAcked) <= 0) return false
    if (this.#doubtful || !fenceReaches() || this.#idledTooLong()) return false
    return codec.follows?.(ids[0] as MessageId, lastAcked) ?? true
  }

  /** The batch is acknowledged. */
  acknowledged(batch: BatchInFlight): void {
    this.#doubtful = false
    if (batch.sentAt !== undefined) this.#storedAt = batch.sentAt
  }

  get #maxIdleMs(): Limits['maxIdleMs'] {
    return this.#options.log().limits.maxIdleMs
  }

  #idledTooLong(): boolean {
    const maxIdleMs = this.#maxIdleMs
    if (maxIdleMs === undefined) return false
    const { wall, monotonic } = momentOf(this.#options.runtime)
    return Math.max(wall - this.#storedAt.wall, monotonic - this.#storedAt.monotonic) > maxIdleMs / 2
  }
}
