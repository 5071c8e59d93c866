import type { Batch } from '../batch.js'
import { AppendError, outcomeOf } from '../errors/append-error.js'
import { WalError } from '../errors/wal-error.js'
import type { MessageId } from '../message/message-id.js'
import { type AppendBounds, refusalOf } from './append-bounds.js'
import { deferred } from './deferred.js'
import { notWrittenBehind, stillUnknown, withOutcome } from './not-written.js'

/** What a backend gives to its `PipelinedAppends`. */
export interface PipelinedAppendsParts<I extends MessageId, P> {
  readonly bounds: AppendBounds
  /** Encodes a batch as soon as it is handed in. When this throws, the batch is refused as not written. */
  prepare(batch: Batch): P
  /**
   * Sends a batch to the server; called in call order. Resolves with the ids of the batch, or rejects with the error of this
   * attempt. The server has to refuse every batch that comes after one it did not store.
   */
  send(batch: Batch, prepared: P): Promise<readonly I[]>
  /**
   * Whether the batch must not be sent until all earlier ones have settled, because sending it needs an answer that is still to
   * come.
   */
  mustWait?(): boolean
  /** Called when a batch and all batches before it are stored, just before their ids are given to the caller. */
  stored?(ids: readonly I[]): void
  /**
   * Called when a batch has failed. All batches in flight behind it fail too, so `send` must no longer count them as stored.
   */
  failed?(): void
  /**
   * The error for a batch that the server stored although an earlier batch failed. By default that earlier batch counts as
   * possibly stored: the server would have refused the later one otherwise, so only the earlier answer was lost. The later
   * batch then rejects as `unknown` until both are sent again. A backend whose server stores batches behind a failed one
   * (Pulsar) says here what is certain.
   */
  storedBehindFailure?(batch: Batch, ids: readonly I[]): unknown
}

/**
 * Sends several batches at once, and settles them in call order, so that the batches that succeed are a prefix (G3). Example:
 * batches 1, 2 and 3 are sent and the answer for 2 is lost. 1 resolves; 2 and 3 reject, whatever the server answered for 3; the
 * adaptor sends both again. A batch 4 that is handed in before 2 has rejected is refused unsent, since its caller does not know
 * of the failure yet.
 *
 * Once an attempt of a batch has ended with the outcome `unknown`, every later failure of that batch is `unknown` too, until
 * the batch is stored.
 */
export class PipelinedAppends<I extends MessageId, P> {
  readonly #parts: PipelinedAppendsParts<I, P>
  #tail: Promise<unknown> = Promise.resolve()
  #inFlight = 0
  #failures = 0
  /** How many batches wait until they are sent. */
  #waiting = 0
  /** Resolves when the last batch that waits has been sent. */
  #lastSent: Promise<void> = Promise.resolve()
  /** How many calls were refused and have not rejected yet. */
  #refusing = 0
  /** Sequences of the batches of which an attempt may be stored. No more than the adaptor has in flight. */
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
    const waits = this.#refusing > 0 || this.#waiting > 0 || this.#parts.mustWait?.()
    const sent = waits
      ? this.#sendInTurn(batch, prepared, { before, failuresBefore })
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

  /** Resolves when every batch that was handed in before this call has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }

  /**
   * Sends a batch that has to wait. Batches that are handed in meanwhile wait too, also when nothing else would hold them back.
   * Otherwise they would be sent, and perhaps stored, before this one.
   */
  async #sendInTurn(
    batch: Batch,
    prepared: P,
    { before, failuresBefore }: { readonly before: Promise<unknown>; readonly failuresBefore: number },
  ): Promise<readonly I[]> {
    const refusing = this.#refusing > 0
    const earlierSent = this.#lastSent
    const sending = deferred()
    this.#lastSent = sending.promise
    this.#waiting++
    await earlierSent
    if (refusing || this.#parts.mustWait?.()) await before
    const sent = this.#send(batch, prepared, failuresBefore)
    this.#waiting--
    sending.resolve()
    return sent
  }

  async #send(batch: Batch, prepared: P, failuresBefore: number): Promise<readonly I[]> {
    if (failuresBefore !== this.#failures) throw notWrittenBehind()
    return this.#parts.send(batch, prepared)
  }

  /** Rejects after the batches in flight have settled, since calls settle in call order. */
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

/** Whether the error was raised before anything was sent to the server. */
function isRefusal(error: unknown): boolean {
  return WalError.isInstance(error) && (error.code === 'WAL_CLOSED' || error.code === 'WAL_INVALID_ARGUMENT')
}
