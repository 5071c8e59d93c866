import { outcomeOf, WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import type { AppendResult } from '../api/wal.js'
import type { TaskOwner } from '../message/append-task.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import { batchFailure } from './append-batch-error.js'
import type { ResultContext } from './append-result.js'
import { UnknownMessages } from './unknown-messages.js'

/** Collects the outcomes of one `appendBatch`: one promise, and one token, for all of its messages. */
export class BatchOwner implements TaskOwner {
  readonly namesAll = true
  readonly #total: number
  readonly #context: ResultContext
  readonly #results: AppendResult[] = []
  #outcomes = 0
  #failure: { readonly error: unknown } | undefined
  /** `unknown` as soon as it is of one message. */
  #unknown = false
  readonly #unknownMessages = new UnknownMessages()
  /** One was stored behind one that was refused: no token can say so, since it would not name both. */
  #storedBehind = false
  readonly #settled = deferred<AppendResult[]>()

  constructor(total: number, context: ResultContext) {
    this.#total = total
    this.#context = context
  }

  get promise(): Promise<AppendResult[]> {
    return this.#settled.promise
  }

  resolve(result: AppendResult): void {
    if (this.#failure === undefined) this.#results.push(result)
    else {
      this.#unknown = true
      this.#storedBehind = true
    }
    this.#count(1)
  }

  reject(error: unknown, sent?: BatchInFlight, index = 0): void {
    this.#fail(error)
    if (sent !== undefined) this.#unknownMessages.add(sent, index)
    this.#count(1)
  }

  /** The last `count` messages were not even submitted. */
  refuse(error: unknown, count: number): void {
    this.#failure ??= { error }
    this.#count(count)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    // An abort's reason says nothing of an outcome, and comes only for what was not sent.
    if (WalError.isInstance(error) && outcomeOf(error) === 'unknown') this.#unknown = true
  }

  #count(count: number): void {
    this.#outcomes += count
    if (this.#outcomes < this.#total) return
    if (this.#failure === undefined) {
      this.#settled.resolve(this.#results)
      return
    }
    const rest = this.#total - this.#results.length
    const token = this.#storedBehind ? undefined : this.#unknownMessages.token(this.#context, rest)
    this.#settled.reject(batchFailure(this.#results, this.#total, this.#failure.error, this.#unknown, token))
  }
}
