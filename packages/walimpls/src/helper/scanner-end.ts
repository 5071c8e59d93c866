import { invalidArgument } from '../errors/invalid-argument.js'
import { WalError } from '../errors/wal-error.js'
import type { CloseTree } from './close-tree.js'
import { deferred } from './deferred.js'
import { abortable, onAbort } from './on-abort.js'

const nothing = () => {}

type End = { readonly kind: 'closed' } | { readonly kind: 'failed'; readonly error: unknown }

/**
 * How a scanner ends: by `close`, by the abort of its signal, or by an error. The first of these counts. In each case, what the
 * scanner holds is released once, after the work in progress has settled.
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

  /** `owner` is the log. It closes the scanner when it is closed, and drops its reference to the scanner after the release. */
  constructor(
    signal: AbortSignal | undefined,
    release: () => Promise<void> | void,
    owner?: Pick<CloseTree, 'add'>,
  ) {
    this.#release = release
    let stop = () => {}
    this.#stopWatching = () => stop()
    if (signal !== undefined) stop = onAbort(signal, (reason) => this.fail(reason))
    // This line comes last: an owner that is closed already closes the scanner in `add`.
    this.#leave = owner?.add(() => this.close()) ?? (() => {})
  }

  /** Aborts when the scanner has ended, so that work in progress can stop early. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /**
   * Runs a piece of work and settles as the work does. When the scanner ends first: resolves to undefined after `close`,
   * rejects after an error or abort.
   */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#end === undefined) {
      const running = work()
      // Wait for its end, not for its value: a batch that was given out would be kept until the next call.
      this.#work = running.then(nothing, nothing)
      try {
        return await abortable(running, this.signal)
      } catch (error) {
        this.fail(error)
      }
    }
    if (this.#end?.kind === 'failed') throw this.#end.error
    return undefined
  }

  /**
   * Runs one call of the scanner's `next`, after the start has settled. Throws when a call of `next` is still in progress. A
   * failure of the start has already ended the scanner with that error.
   */
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

  /** Like `run`, but rejects with `WAL_CLOSED` when the scanner was closed before the work was done. */
  async mustRun<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.run(async () => ({ value: await work() }))
    if (result === undefined)
      throw new WalError('WAL_CLOSED', 'the scanner was closed before its start was fixed')
    return result.value
  }

  /** Ends the scanner with an error, unless it has already ended. Every later call rejects with that error. */
  fail(error: unknown): void {
    void this.#finish({ kind: 'failed', error }).catch(() => {})
  }

  /**
   * Ends the scanner. Resolves when the work in progress has settled and all is released; rejects when the release failed.
   * Idempotent.
   */
  close(): Promise<void> {
    return this.#finish({ kind: 'closed' })
  }

  #finish(end: End): Promise<void> {
    if (this.#released !== undefined) return this.#released
    this.#end = end
    // Set before the abort: listeners of the signal may call `close` or `fail`.
    const begin = deferred()
    this.#released = begin.promise
      .then(() => this.#work)
      .then(() => this.#release())
      .finally(() => this.#leave())
    // After an abort or an error nobody awaits this promise, so its rejection is marked as handled.
    this.#released.catch(() => {})
    this.#stopWatching()
    this.#controller.abort()
    begin.resolve()
    return this.#released
  }
}
