import { WalError } from '../errors/wal-error.js'
import type { Waits } from '../wal.js'
import { type CloseOrder, CloseTree } from './close-tree.js'
import { abortable, onAbort } from './on-abort.js'
import { Turns } from './turns.js'

export interface LifetimeOptions {
  /** Begins an error's sentence: `The log of channel "orders"`. */
  readonly what: string
  /** What this lives inside: its close closes this one first. */
  readonly parent?: CloseTree
  /** Runs when everything inside is closed. */
  readonly release?: () => Promise<void> | void
  readonly order?: CloseOrder
  /** Makes an error of a driver one of ours. `doing` begins its sentence: `listing channels`. */
  readonly mapped?: (error: unknown, doing: string) => unknown
}

/**
 * The time in which an opener or a log is open: what lives inside, and the calls that are made meanwhile. A call is refused
 * once `close` was called (`WAL_CLOSED`) or its signal has aborted, and an abort ends its wait, not its work.
 */
export class Lifetime extends CloseTree {
  /** Begins an error's sentence. */
  readonly what: string
  readonly #mapped: ((error: unknown, doing: string) => unknown) | undefined
  readonly #calls = new Set<Promise<unknown>>()
  readonly #turns = new Turns()

  constructor({ what, parent, release, order, mapped }: LifetimeOptions) {
    super(release, parent, order)
    this.what = what
    this.#mapped = mapped
  }

  /** Of a log in this opener. `release` runs when everything inside the log is closed. */
  ofLog(channel: string, release: () => Promise<void> | void): Lifetime {
    const mapped = this.#mapped
    const what = `The log of channel "${channel}"`
    return new Lifetime({ what, parent: this, release, ...(mapped && { mapped }) })
  }

  /** Throws `WAL_CLOSED` once `close` was called. */
  assertOpen(): void {
    if (this.closed) throw this.#closedError()
  }

  /** A call of this opener or log. `doing` is for the error of a driver. */
  async during<T>(waits: Waits | undefined, work: () => Promise<T>, doing = ''): Promise<T> {
    this.#assertWanted(waits)
    return abortable(this.#tracked(work, doing), waits?.signal)
  }

  /** The same for calls that must not run side by side: in call order, also behind one that failed. */
  inTurn<T>(waits: Waits | undefined, work: () => Promise<T>, doing = ''): Promise<T> {
    return this.during(waits, () => this.#turns.run(work), doing)
  }

  /**
   * A call that makes something which has to be closed, a log. When its caller has gone, or this has closed meanwhile,
   * nobody can close what was made: that is done here.
   */
  async opening<L extends { close(): Promise<void> }>(
    waits: Waits | undefined,
    make: () => Promise<L>,
    doing = '',
  ): Promise<L> {
    this.#assertWanted(waits)
    const making = this.#tracked(make, doing)
    return new Promise((resolve, reject) => {
      let gone = false
      const stop = waits?.signal === undefined ? () => {} : onAbort(waits.signal, leave)
      function leave(reason: unknown): void {
        gone = true
        reject(reason)
      }
      making.then(
        (made) => {
          stop()
          if (this.closed) leave(this.#closedError())
          if (!gone) return resolve(made)
          // Its close has nobody to report to.
          made.close().catch(() => {})
        },
        (error: unknown) => {
          stop()
          reject(error)
        },
      )
    })
  }

  /** Resolves when every call made so far has ended: for a `release` that takes away what calls work with. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#calls)
  }

  #closedError(): WalError {
    return new WalError('WAL_CLOSED', `${this.what} is closed.`)
  }

  #assertWanted(waits: Waits | undefined): void {
    this.assertOpen()
    waits?.signal?.throwIfAborted()
  }

  #tracked<T>(work: () => Promise<T>, doing: string): Promise<T> {
    const call = this.#run(work, doing)
    this.#calls.add(call)
    const ended = () => this.#calls.delete(call)
    call.then(ended, ended)
    return call
  }

  async #run<T>(work: () => Promise<T>, doing: string): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#mapped === undefined ? error : this.#mapped(error, doing)
    }
  }
}
