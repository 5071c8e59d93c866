import { deferred } from '@wal/walimpls/helper'
import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { AppendResult, NewMessage } from '../api/wal.js'
import { isExclusive } from './lock.js'

/** When an append, and all before it in its order, has passed on to the pipeline, and when it has settled. */
interface Place {
  readonly entered: Promise<unknown>
  readonly settled: Promise<unknown>
}

/**
 * The order in which appends were called: one for each vchannel, whatever outer interceptors wait for or change. One that
 * takes the whole pchannel exclusively has its place in all of them.
 */
export class CallOrder {
  /** The newest of each vchannel since the newest that belongs to all. */
  readonly #newest = new Map<string, Place>()
  #newestOfAll: Place | undefined

  /** `batchBefore`: what has to have entered besides; its rejection refuses this one. */
  take(message: NewMessage, batchBefore: Promise<void> | undefined): CallTurn {
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

/** One append's place in its order. As an interceptor it is the door that lets the append through when its turn comes. */
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

  /** It has reached the pipeline: those behind may. */
  pass(): void {
    this.#entered.resolve()
  }

  /** It has ended, perhaps before the door; those behind wait for it no longer, but still for those before. Idempotent. */
  async end(): Promise<void> {
    await this.#before?.entered
    this.#entered.resolve()
    await this.#before?.settled
    this.#settled.resolve()
    // Else each would keep the one before it, back to the last moment at which nobody was under way.
    this.#before = undefined
    this.#forget()
  }
}
