import { CallFailure } from '@wal/walimpls/helper'
import { PulsarError } from '../driver/pulsar-error.js'
import type { Answer, AnswerName, Received } from '../wire/commands.js'
import { MalformedFrame } from '../wire/malformed-frame.js'
import { serverErrorName } from '../wire/server-errors.js'

interface Pending {
  readonly answer: AnswerName
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** The requests of a connection that wait for their answers. An answer names its request by number, in any order. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>()
  #next = 0

  /** A number that no request of this connection had before. */
  number(): number {
    return this.#next++
  }

  /** The answer to a request that was sent under this number. */
  wait<A extends AnswerName>(request: number, answer: A): Promise<Answer<A>> {
    return new Promise<Answer<A>>((resolve, reject) => {
      this.#pending.set(request, { answer, resolve: resolve as (value: unknown) => void, reject })
    })
  }

  /** Nobody waits for this answer any more. An answer that comes nevertheless is dropped. */
  forget(request: number): void {
    this.#pending.delete(request)
  }

  /** Settles the request that this answers. */
  settle(request: number, { name, value }: Received): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    this.#pending.delete(request)
    if (name === 'error') pending.reject(new PulsarError(serverErrorName(value.error), value.message))
    else if (name === pending.answer) pending.resolve(value)
    else {
      const error = new MalformedFrame(`a request was answered by "${name}" in place of "${pending.answer}"`)
      pending.reject(new CallFailure(error.message))
      throw error
    }
  }

  fail(error: unknown): void {
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}
