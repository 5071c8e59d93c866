import { outcomeOf, WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import type { AppendResult } from '../api/wal.js'
import type { TaskOwner } from '../message/append-task.js'
import type { SentMessage } from '../message/batch-in-flight.js'
import { batchFailure } from './append-batch-error.js'
import type { ResultContext } from './append-result.js'
import { UnknownMessages } from './unknown-messages.js'

/**
 * Collects the outcomes of one `appendBatch`, with interceptors or without. Of four messages a, b, c and d: when all were
 * stored, the promise resolves with their four results. When c was refused and the outcome of d is unknown, it rejects with
 * the results of a and b, the error of c, the outcome `unknown`, and a token that names d.
 */
export class BatchOutcomes implements TaskOwner {
  readonly namesAll = true
  readonly #total: number
  readonly #context: ResultContext
  readonly #causeOf: (error: unknown) => unknown
  /** By the place of the message in the batch. */
  readonly #results: AppendResult[] = []
  #known = 0
  /** Of the failed message that stands first in the batch. */
  #failure: { readonly index: number; readonly error: unknown } | undefined
  /** Whether the outcome of at least one message is unknown. */
  #anyUnknown = false
  readonly #unknownMessages = new UnknownMessages()
  readonly #settled = deferred<AppendResult[]>()

  /** `causeOf` makes the cause that the caller reads of what the first failed message failed with. */
  constructor(total: number, context: ResultContext, causeOf = (error: unknown): unknown => error) {
    this.#total = total
    this.#context = context
    this.#causeOf = causeOf
  }

  get promise(): Promise<AppendResult[]> {
    return this.#settled.promise
  }

  /** For a caller that tells the outcomes in the order of the batch: the next message was stored. */
  resolve(result: AppendResult): void {
    this.stored(this.#known, result)
  }

  /** For a caller that tells the outcomes in the order of the batch: the next message failed. */
  reject(error: unknown, sent?: SentMessage): void {
    this.failed(this.#known, error, sent)
  }

  /** The message at that place in the batch was stored. */
  stored(index: number, result: AppendResult): void {
    this.#results[index] = result
    this.#count(1)
  }

  /** The message at that place in the batch failed. `sent` is given when its outcome is unknown and its error has no token. */
  failed(index: number, error: unknown, sent?: SentMessage): void {
    if (this.#failure === undefined || index < this.#failure.index) this.#failure = { index, error }
    if (isUnknown(error)) this.#anyUnknown = true
    if (sent !== undefined) this.#unknownMessages.add(sent)
    else if (isUnknown(error)) this.#unknownMessages.addNamed((error as { readonly token?: string }).token)
    this.#count(1)
  }

  /** No message of the batch was submitted. */
  refuse(error: unknown): void {
    this.#failure = { index: 0, error }
    this.#count(this.#total)
  }

  #count(outcomes: number): void {
    this.#known += outcomes
    if (this.#known < this.#total) return
    if (this.#failure === undefined) this.#settled.resolve(this.#results)
    else this.#settled.reject(this.#failureOf(this.#failure))
  }

  #failureOf({ index, error }: { readonly index: number; readonly error: unknown }): unknown {
    const results = this.#results.slice(0, index)
    const rest = this.#total - index
    // When c failed and d behind it was stored, the outcome of the two together is unknown, and a token that names only some
    // of them would make `resolve` say that the others were not written.
    const storedBehind = this.#results.length > index
    const unknown = this.#anyUnknown || storedBehind
    const token = storedBehind ? undefined : this.#unknownMessages.token(this.#context, rest)
    const cause = results.length === 0 && !unknown ? error : this.#causeOf(error)
    return batchFailure(results, this.#total, { cause, outcome: unknown ? 'unknown' : 'not-written', token })
  }
}

/** An error of another class (an abort's reason, an interceptor's) comes only for a message that was not sent. */
function isUnknown(error: unknown): boolean {
  return WalError.isInstance(error) && outcomeOf(error) === 'unknown'
}
