import type { Batch } from '../batch.js'
import { AppendError, outcomeOf } from '../errors/append-error.js'
import { WalError } from '../errors/wal-error.js'
import type { MessageId } from '../message/message-id.js'
import { type AppendBounds, refusalOf } from './append-bounds.js'
import { notWrittenBehind, stillUnknown, withOutcome } from './not-written.js'

/** What a backend gives to its `PipelinedAppends`. */
export interface PipelinedAppendsParts<I extends MessageId, P> {
  readonly bounds: AppendBounds
  /** Encodes a batch, as soon as it is handed in. What it throws refuses the batch, not written. */
  prepare(batch: Batch): P
  /**
   * Sends a batch, in call order. Resolves with its ids; rejects as this attempt ended. The server has to refuse what comes
   * behind a batch that it did not store.
   */
  send(batch: Batch, prepared: P): Promise<readonly I[]>
  /** Whether a batch handed in now must not be sent before all before it have settled: while these still tell what it needs. */
  mustWait?(): boolean
  /** The batch is stored and so are all before it: its ids are given out now. */
  stored?(ids: readonly I[]): void
  /** A call failed, and everything handed in by now fails with it: for `send` to forget what it took for stored. */
  failed?(): void
  /**
   * A batch is stored though one handed in before it has failed: with what it rejects. By default the failed one is stored
   * too, since the server would have refused this one otherwise, and only its answer was lost: the outcome of this one is
   * unknown until both are sent again. Where a server stores what comes behind a failure (Pulsar), this says what is certain.
   */
  storedBehindFailure?(batch: Batch, ids: readonly I[]): unknown
}

/**
 * Several batches in flight, which settle in call order as a prefix (G3). Batches 1, 2 and 3 are sent and the answer for 2
 * is lost: 1 resolves; 2 and 3 reject, whatever the server said of 3; the adaptor sends both again. What is handed in until
 * 2 has rejected comes from a caller who does not know of that yet, and is turned away unsent.
 *
 * Once an attempt of a batch has ended unknown, every later failure of that batch is unknown too, until it is stored.
 */
export class PipelinedAppends<I extends MessageId, P> {
  readonly #parts: PipelinedAppendsParts<I, P>
  #tail: Promise<unknown> = Promise.resolve()
  #inFlight = 0
  #failures = 0
  /** How many refused calls have not settled yet. */
  #refusing = 0
  /** Sequences of batches of which an attempt may be stored: at most those that the adaptor sends again. */
  readonly #doubtful = new Set<number>()

  constructor(parts: PipelinedAppendsParts<I, P>) {
    this.#parts = parts
  }

  append(batch: Batch): Promise<readonly I[]> {
    let prepared: P
    try {
      const refusal = refusalOf(this.#parts.bounds, this.#inFlight)
      if (refusal !== undefined) throw refusal
      prepared = this.#parts.prepare(batch)
    } catch (error) {
      return this.#refuse(batch, withOutcome(error, 'not-written'))
    }
    this.#inFlight++
    const failuresBefore = this.#failures
    const before = this.#tail
    const waits = this.#refusing > 0 || this.#parts.mustWait?.()
    const sent = waits
      ? before.then(() => this.#send(batch, prepared, failuresBefore))
      : this.#send(batch, prepared, failuresBefore)
    sent.catch(() => {})
    const settled = before
      .then(() => sent)
      .then(
        (ids) => this.#succeed(batch, ids, failuresBefore),
        (error) => this.#fail(batch, error, failuresBefore),
      )
    this.#tail = settled.catch(() => {})
    return settled
  }

  /** Resolves when all that was handed in has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }

  async #send(batch: Batch, prepared: P, failuresBefore: number): Promise<readonly I[]> {
    if (failuresBefore !== this.#failures) throw notWrittenBehind()
    return this.#parts.send(batch, prepared)
  }

  /** Behind those in flight, since calls settle in order. */
  #refuse(batch: Batch, error: unknown): Promise<never> {
    this.#refusing++
    const refused = this.#tail.then(() => {
      this.#refusing--
      this.#failures++
      this.#parts.failed?.()
      throw this.#told(batch, error)
    })
    this.#tail = refused.catch(() => {})
    return refused
  }

  #succeed(batch: Batch, ids: readonly I[], failuresBefore: number): readonly I[] {
    this.#inFlight--
    if (failuresBefore !== this.#failures) throw this.#told(batch, this.#behindFailure(batch, ids))
    this.#doubtful.delete(batch.sequence)
    this.#parts.stored?.(ids)
    return ids
  }

  #fail(batch: Batch, error: unknown, failuresBefore: number): never {
    this.#inFlight--
    if (failuresBefore === this.#failures) this.#failures++
    this.#parts.failed?.()
    throw this.#told(batch, withOutcome(error, isRefusal(error) ? 'not-written' : 'unknown'))
  }

  #behindFailure(batch: Batch, ids: readonly I[]): unknown {
    if (this.#parts.storedBehindFailure !== undefined) return this.#parts.storedBehindFailure(batch, ids)
    return new AppendError(
      'WAL_UNAVAILABLE',
      'The answer for the batch before this one was lost. Send both again.',
      { outcome: 'unknown' },
    )
  }

  #told(batch: Batch, error: unknown): unknown {
    if (outcomeOf(error) === 'unknown') this.#doubtful.add(batch.sequence)
    return this.#doubtful.has(batch.sequence) ? stillUnknown(error) : error
  }
}

/** These are raised before anything is sent. */
function isRefusal(error: unknown): boolean {
  return WalError.isInstance(error) && (error.code === 'WAL_CLOSED' || error.code === 'WAL_INVALID_ARGUMENT')
}
