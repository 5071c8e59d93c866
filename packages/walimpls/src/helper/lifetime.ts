import { WalError } from '../errors/wal-error.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Waits } from '../wal.js'
import { type CloseOrder, CloseTree } from './close-tree.js'
import { abortable, onAbort } from './on-abort.js'
import { Turns } from './turns.js'

/** How long a close waits for the answers of calls in progress, in milliseconds. */
const CLOSE_PATIENCE_MS = 3000

export interface LifetimeOptions {
  /** Names the opener or log at the beginning of errors: `The log of channel "orders"`. */
  readonly what: string
  /** The parent in the close tree: closing the parent closes this one first. */
  readonly parent?: CloseTree
  /** Releases what the opener or log holds. Runs when all its children are closed. */
  readonly release?: () => Promise<void> | void
  readonly order?: CloseOrder
  /** Maps a driver's error to a `WalError`. `doing` begins the message: `listing channels`. */
  readonly mapped?: (error: unknown, doing: string) => unknown
}

/**
 * The time from open to close of an opener or a log. It knows the children to close and the calls in progress. A call is
 * refused with `WAL_CLOSED` once `close` was called, and with the signal's reason when its signal has aborted. An abort ends
 * the caller's wait; the work goes on.
 */
export class Lifetime extends CloseTree {
  /** Names the opener or log at the beginning of errors. */
  readonly what: string
  readonly #mapped: ((error: unknown, doing: string) => unknown) | undefined
  readonly #calls = new Set<Promise<unknown>>()
  readonly #turns = new Turns()

  constructor({ what, parent, release, order, mapped }: LifetimeOptions) {
    super(release, parent, order)
    this.what = what
    this.#mapped = mapped
  }

  /** Makes the lifetime of a log that is a child of this opener. `release` runs when all children of the log are closed. */
  ofLog(channel: string, release: () => Promise<void> | void): Lifetime {
    const mapped = this.#mapped
    const what = `The log of channel "${channel}"`
    return new Lifetime({ what, parent: this, release, ...(mapped && { mapped }) })
  }

  /** Throws `WAL_CLOSED` once `close` was called. */
  assertOpen(): void {
    if (this.closed) throw this.#closedError()
  }

  /** Makes a call, and keeps count of it until it settles. `doing` begins the message of a mapped driver's error. */
  async during<T>(waits: Waits | undefined, work: () => Promise<T>, doing = ''): Promise<T> {
    this.#assertWanted(waits)
    return abortable(this.#tracked(work, doing), waits?.signal)
  }

  /**
   * Like `during`, for calls that must not run at the same time: each begins when the one before has settled, even if that one
   * failed.
   */
  inTurn<T>(waits: Waits | undefined, work: () => Promise<T>, doing = ''): Promise<T> {
    return this.during(waits, () => this.#turns.run(work), doing)
  }

  /**
   * Makes a call that opens a log. When the caller's signal has aborted, or the opener has closed in the meantime, nobody else
   * would close the new log, so it is closed here.
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
          // The caller has already been rejected, so an error of this close is not reported to anybody.
          made.close().catch(() => {})
        },
        (error: unknown) => {
          stop()
          reject(error)
        },
      )
    })
  }

  /**
   * Closes, and after three seconds calls `disconnect`, by which calls in progress have to fail: a server may have stopped without a
   * word, and the close need not wait for the deadline of each call.
   */
  async closeSoon(
    runtime: Pick<Runtime, 'setTimeout'>,
    disconnect: () => Promise<void> | void,
  ): Promise<void> {
    // What is added while this closes is closed at once.
    const patience = runtime.setTimeout(() => this.add(disconnect), CLOSE_PATIENCE_MS)
    try {
      await this.close()
    } finally {
      patience.clear()
    }
  }

  /** Resolves when every call made so far has settled. For a `release` that takes away a resource which calls still use. */
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
