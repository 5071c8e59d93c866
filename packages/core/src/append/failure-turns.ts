import type { TaskOwner } from '../message/append-task.js'
import type { SentMessage } from '../message/batch-in-flight.js'
import type { InSlices } from './in-slices.js'

/** Why tasks failed. Thousands of tasks may share one failure. */
export interface Failure {
  /** Makes the error for an owner. `token` names the message, when it was sent and its outcome is unknown. */
  of(token: string | undefined): unknown
}

/** Tells owners that their appends failed, in order and in slices, since thousands may fail at once. */
export class FailureTurns {
  readonly #slices: InSlices
  readonly #tokenOf: (sent: SentMessage) => string | undefined
  /** The last error made for an owner of many tasks (`namesAll`), which gets the same error for its next task. */
  #shared: { readonly owner: TaskOwner; readonly failure: Failure; readonly error: unknown } | undefined

  constructor(slices: InSlices, tokenOf: (sent: SentMessage) => string | undefined) {
    this.#slices = slices
    this.#tokenOf = tokenOf
  }

  /** `sent` is given when the outcome is unknown, and undefined when the message is certainly not written. */
  reject(owner: TaskOwner, failure: Failure, sent: SentMessage | undefined): void {
    this.#slices.add(() => owner.reject(this.#error(owner, failure, sent), sent))
  }

  #error(owner: TaskOwner, failure: Failure, sent: SentMessage | undefined): unknown {
    if (!owner.namesAll) return failure.of(sent && this.#tokenOf(sent))
    if (this.#shared?.owner !== owner || this.#shared.failure !== failure)
      this.#shared = { owner, failure, error: failure.of(undefined) }
    return this.#shared.error
  }
}
