import { invalidArgument } from '../errors/invalid-argument.js'
import { WalError } from '../errors/wal-error.js'
import type { CloseTree } from './close-tree.js'
import { deferred } from './deferred.js'
import { abortable, onAbort } from './on-abort.js'

type End = { readonly kind: 'closed' } | { readonly kind: 'failed'; readonly error: unknown }

/**
 * How a scanner ends: by close, by its signal or by an error. The first of them decides and stays. Whatever it was, what
 * the scanner holds is released once, after its running work has ended.
 */
export class ScannerEnd {
  readonly #controller = new AbortController()
  #end: End | undefined
  #pending = false
  #work: Promise<unknown> = Promise.resolve()
  #released: Promise<void> | undefined
  readonly #stopWatching: () => void

  readonly #release: () => Promise<void> | void
  readonly #leave: () => void

  /** `owner` closes the scanner when it is closed itself, and forgets it once all is released. */
  constructor(
    signal: AbortSignal | undefined,
    release: () => Promise<void> | void,
    owner?: Pick<CloseTree, 'add'>,
  ) {
    this.#release = release
    let stop = () => {}
    this.#stopWatching = () => stop()
    if (signal !== undefined) stop = onAbort(signal, (reason) => this.fail(reason))
    // Last, since an owner that is closed already closes the scanner here.
    this.#leave = owner?.add(() => this.close()) ?? (() => {})
  }

  /** Aborted when the scanner has ended: for the work to stop early. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Runs a piece of work. Settles as it does, or, as soon as the scanner has ended, as that end says. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#end === undefined) {
      const running = work()
      this.#work = running
      try {
        return await abortable(running, this.signal)
      } catch (error) {
        this.fail(error)
      }
    }
    if (this.#end?.kind === 'failed') throw this.#end.error
    return undefined
  }

  /** A call of a scanner's `next`: one at a time, and behind its start, whose failure is the end's already. */
  async next<T>(begun: Promise<unknown>, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#pending)
      throw invalidArgument(
        'next() of a backend’s scanner was called before the call before had settled: await each',
      )
    this.#pending = true
    try {
      await begun.catch(() => {})
      return await this.run(work)
    } finally {
      this.#pending = false
    }
  }

  /** Like `run`, for work that a close must not pass off as done. */
  async mustRun<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.run(async () => ({ value: await work() }))
    if (result === undefined)
      throw new WalError('WAL_CLOSED', 'the scanner was closed before its start was fixed')
    return result.value
  }

  /** From now on every call rejects with this error, unless the scanner has already ended. */
  fail(error: unknown): void {
    void this.#finish({ kind: 'failed', error }).catch(() => {})
  }

  /** Resolves when the running work has ended and all is released; rejects as `release` did. Idempotent. */
  close(): Promise<void> {
    return this.#finish({ kind: 'closed' })
  }

  #finish(end: End): Promise<void> {
    if (this.#released !== undefined) return this.#released
    this.#end = end
    // Before the abort, whose listeners may come back here.
    const begin = deferred()
    this.#released = begin.promise
      .then(() => this.#work)
      .catch(() => {})
      .then(() => this.#release())
      .finally(() => this.#leave())
    // Nobody has to await a close that an abort or an error began.
    this.#released.catch(() => {})
    this.#stopWatching()
    this.#controller.abort()
    begin.resolve()
    return this.#released
  }
}
