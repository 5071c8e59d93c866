import { deferred } from '@wal/walimpls/helper'
import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { AppendResult, NewMessage } from '../api/wal.js'
import { isExclusive } from './lock.js'

/**
 * Resolve when an append, and every append before it in its order, has reached the pipeline, and when all of them have
 * settled.
 */
interface Place {
  readonly entered: Promise<unknown>
  readonly settled: Promise<unknown>
}

/**
 * The order in which appends were called, one order for each vchannel. Example: append 1 and 3 are for `a`, append 2 for `b`.
 * Outer interceptors hold 1 for a second: 3 waits for it, and 2 does not. An append that has the whole pchannel to itself has
 * a place in the order of every vchannel.
 */
export class CallOrder {
  /** The newest append of each vchannel, of those called after `#newestOfAll`. */
  readonly #newest = new Map<string, Place>()
  #newestOfAll: Place | undefined

  /**
   * `batchBefore` resolves when the message before it in its batch has reached the pipeline; its rejection refuses this
   * one.
   */
  occupy(message: NewMessage, batchBefore: Promise<void> | undefined): CallTurn {
    const { vchannel = '' } = message
    if (vchannel !== '' || !isExclusive(message)) {
      const turn = new CallTurn(this.#newest.get(vchannel) ?? this.#newestOfAll, batchBefore, () => {
        if (this.#newest.get(vchannel) === turn) this.#newest.delete(vchannel)
      })
      this.#newest.set(vchannel, turn)
      return turn
    }
    const turn = new CallTurn(this.#all(), batchBefore, () => {
      if (this.#newestOfAll === turn) this.#newestOfAll = undefined
    })
    this.#newest.clear()
    this.#newestOfAll = turn
    return turn
  }

  #all(): Place | undefined {
    const places = [...this.#newest.values()]
    if (this.#newestOfAll !== undefined) places.push(this.#newestOfAll)
    if (places.length < 2) return places[0]
    return {
      entered: Promise.all(places.map(({ entered }) => entered)),
      settled: Promise.all(places.map(({ settled }) => settled)),
    }
  }
}

/** One append's place in its order. It is also an interceptor, which calls `next` when the turn of the append comes. */
export class CallTurn implements Place, Interceptor {
  readonly name = 'call-order'
  readonly #entered = deferred()
  readonly #settled = deferred()
  #before: Place | undefined
  readonly #batchBefore: Promise<void> | undefined
  readonly #forget: () => void

  constructor(before: Place | undefined, batchBefore: Promise<void> | undefined, forget: () => void) {
    this.#before = before
    this.#batchBefore = batchBefore
    this.#forget = forget
  }

  get entered(): Promise<unknown> {
    return this.#entered.promise
  }

  get settled(): Promise<unknown> {
    return this.#settled.promise
  }

  async append(
    { message }: InterceptedAppend,
    next: (message: NewMessage) => Promise<AppendResult>,
  ): Promise<AppendResult> {
    await this.#before?.entered
    await this.#batchBefore
    return next(message)
  }

  /** The append has reached the pipeline, so those behind it may go on. */
  submitted(): void {
    this.#entered.resolve()
  }

  /**
   * The append has ended, perhaps before its turn came. Appends behind it wait for it no longer, but still for those before it:
   * when 2 of 1, 2 and 3 is given up, 3 still waits for 1. Idempotent.
   */
  async end(): Promise<void> {
    await this.#before?.entered
    this.#entered.resolve()
    await this.#before?.settled
    this.#settled.resolve()
    // Clear the reference to the append before. Otherwise every append would retain all earlier ones, which leaks memory
    // under
    // constant load.
    this.#before = undefined
    this.#forget()
  }
}
