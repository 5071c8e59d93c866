import type { AppendOptions, AppendResult, NewMessage } from '../wal.js'
import type { Appender } from './appender.js'
import { type TakenMessage, takeMessage } from './new-message.js'

/** Results that wait to be read: beyond this nothing more is pulled. They are small (about 100 bytes each). */
const MAX_UNREAD = 1 << 14
/** Pulls in one go from a source that never waits; then the event loop gets its turn. */
const PULLS_A_TURN = 4096

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined }

/**
 * Loads a source: pulls while the budget has room and the reader keeps up, gives the results out in order. Pulling and
 * reading go on side by side, so that a slow source does not hold back results, nor a slow reader the pipeline.
 */
export class AppendAll implements AsyncIterableIterator<AppendResult> {
  readonly #appender: Appender
  readonly #options: AppendOptions
  readonly #wait: () => Promise<void>
  /** Set when interceptors run: then every message has a promise of its own. */
  readonly #intercepted: ((message: NewMessage) => Promise<AppendResult>) | undefined
  #before: Promise<void> = Promise.resolve()
  #results: AppendResult[] = []
  #read = 0
  #outstanding = 0
  #exhausted = false
  #left = false
  #error: { readonly error: unknown } | undefined
  #changed: (() => void)[] = []
  readonly #filling: Promise<void>

  constructor(
    appender: Appender,
    source: Iterable<NewMessage> | AsyncIterable<NewMessage>,
    options: AppendOptions,
    runtimeYield: () => Promise<void>,
    intercepted?: (message: NewMessage) => Promise<AppendResult>,
  ) {
    this.#appender = appender
    this.#options = options
    this.#wait = runtimeYield
    this.#intercepted = intercepted
    this.#filling = this.#fill(source).catch((error: unknown) => this.#fail(error))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<AppendResult, undefined>> {
    for (;;) {
      if (this.#read < this.#results.length) {
        const value = this.#results[this.#read++] as AppendResult
        if (this.#read === this.#results.length) {
          this.#results = []
          this.#read = 0
          this.#tell()
        }
        return { done: false, value }
      }
      if (this.#error !== undefined && (this.#outstanding === 0 || this.#left)) {
        await this.#filling
        throw this.#error.error
      }
      if (this.#left || (this.#exhausted && this.#outstanding === 0)) return DONE
      await this.#change()
    }
  }

  /** Closes the source. What was sent by now goes on. */
  async return(): Promise<IteratorResult<AppendResult, undefined>> {
    this.#left = true
    this.#tell()
    await this.#filling
    return DONE
  }

  async #fill(source: Iterable<NewMessage> | AsyncIterable<NewMessage>): Promise<void> {
    const iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    let ended = false
    try {
      for (let pulls = 1; ; pulls++) {
        if (pulls % PULLS_A_TURN === 0) await this.#wait()
        if (this.#left || this.#error !== undefined) return
        const pulled = iterator.next()
        const next = 'then' in pulled ? await pulled : pulled
        if (next.done) {
          ended = true
          return
        }
        const message = takeMessage(next.value)
        while (!(this.#appender.hasRoom(message.bytes) && this.#results.length - this.#read < MAX_UNREAD)) {
          if (this.#left || this.#error !== undefined) return
          await this.#change()
        }
        this.#outstanding++
        if (this.#intercepted === undefined) this.#submit(message)
        else this.#inOrder(this.#intercepted(next.value))
      }
    } finally {
      this.#exhausted = true
      this.#tell()
      if (!ended) await iterator.return?.()
    }
  }

  #submit(message: TakenMessage): void {
    try {
      this.#appender.submit(message, this, this.#options)
    } catch (error) {
      this.reject(error)
    }
  }

  /** Interceptors keep order on each vchannel only; the results are given out in the order of the source. */
  #inOrder(outcome: Promise<AppendResult>): void {
    const before = this.#before
    this.#before = outcome.then(
      async (result) => {
        await before
        this.resolve(result)
      },
      async (error: unknown) => {
        await before
        this.reject(error)
      },
    )
  }

  /** Of the pipeline: the next message is stored. Results come in order. */
  resolve(result: AppendResult): void {
    this.#outstanding--
    // After a failure the certain prefix is over.
    if (this.#error === undefined && !this.#left) this.#results.push(result)
    this.#tell()
  }

  reject(error: unknown): void {
    this.#outstanding--
    this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#error ??= { error }
    this.#tell()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve)
      this.#appender.onRoom(resolve)
    })
  }

  #tell(): void {
    if (this.#changed.length === 0) return
    const changed = this.#changed
    this.#changed = []
    for (const resolve of changed) resolve()
  }
}
