import { invalidArgument } from '@wal/walimpls'
import { onAbort, WakeList } from '@wal/walimpls/helper'
import type { AppendOptions, AppendResult, NewMessage } from '../api/wal.js'
import type { AppendTask } from '../message/append-task.js'
import { checkAppendOptions } from './append-options.js'
import type { Appender } from './appender.js'

/** When so many results wait to be read, nothing more is pulled from the source. A result takes about 100 bytes. */
const MAX_UNREAD = 1 << 14
/**
 * When so many messages are on their way, nothing more is pulled: they keep any backend busy, and more would only queue up.
 */
const MAX_OUTSTANDING = 1 << 12
/** After so many pulls from a source that never waits, the event loop gets its turn. */
const PULLS_A_TURN = 4096

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined }

/** What loading a source needs of the WAL. */
export interface AppendAllParts {
  readonly appender: Appender
  /** Resolves after the event loop had its turn. */
  readonly yield: () => Promise<void>
  /** Throws when the WAL takes no appends any more. */
  readonly checkUsable: () => void
  /** Whether the message goes to the pipeline directly, since no interceptor concerns it. */
  readonly goesStraight: (message: NewMessage) => boolean
  /** Appends a message through the interceptors. */
  readonly append: (message: NewMessage) => Promise<AppendResult>
}

/**
 * Loads a source: pulls while the budget has room and the reader keeps up, gives the results out in order. Pulling and
 * reading go on side by side, so that a slow source does not hold back results, nor a slow reader the pipeline.
 */
export class AppendAll implements AsyncIterableIterator<AppendResult> {
  readonly #appender: Appender
  readonly #options: AppendOptions
  readonly #wait: () => Promise<void>
  /** Throws when the WAL takes no appends any more. */
  readonly #checkUsable: () => void
  readonly #goesStraight: (message: NewMessage) => boolean
  /** Appends a message through the interceptors. */
  readonly #append: (message: NewMessage) => Promise<AppendResult>
  #before: Promise<void> = Promise.resolve()
  /** How many of the outstanding messages go through the interceptors. */
  #intercepted = 0
  /** How many messages were submitted without passing interceptors, and how many of these have their outcome. */
  #straight = 0
  #straightSettled = 0
  #results: AppendResult[] = []
  #read = 0
  #outstanding = 0
  #exhausted = false
  #readerGone = false
  /** Why nothing more is pulled. The reader is told once all messages that were submitted before have their outcome. */
  #error: { readonly error: unknown } | undefined
  /** Whether an append has failed. Results of messages behind it are then not given out. */
  #broken = false
  #iterator: Iterator<NewMessage> | AsyncIterator<NewMessage> | undefined
  /** Whether the source was asked for a message and has not answered. */
  #pulling = false
  readonly #changed = new WakeList()
  readonly #stopListening: (() => void) | undefined
  readonly #filling: Promise<void>

  constructor(
    source: Iterable<NewMessage> | AsyncIterable<NewMessage>,
    options: AppendOptions,
    wal: AppendAllParts,
  ) {
    if (!isIterable(source)) throw invalidArgument('appendAll takes an iterable of messages', source)
    checkAppendOptions(options)
    this.#appender = wal.appender
    this.#options = options
    this.#wait = wal.yield
    this.#checkUsable = wal.checkUsable
    this.#goesStraight = wal.goesStraight
    this.#append = wal.append
    this.#stopListening = options.signal && onAbort(options.signal, () => this.#tell())
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
      if (this.#outstanding === 0 || this.#readerGone) {
        if (this.#error !== undefined) {
          await this.#closeSource()
          throw this.#error.error
        }
        if (this.#readerGone || this.#exhausted) return DONE
        this.#failIfUnusable()
      }
      if (this.#error === undefined || this.#outstanding > 0) await this.#change()
    }
  }

  /**
   * Ends the loop over `appendAll`: closes the caller's source of messages. Those that were taken from it by now are appended all
   * the same.
   */
  async return(): Promise<IteratorResult<AppendResult, undefined>> {
    this.#readerGone = true
    this.#tell()
    await this.#closeSource()
    return DONE
  }

  /** A source that has not answered is told to end, but nobody waits for it: it may itself wait forever. */
  async #closeSource(): Promise<void> {
    if (!this.#pulling) return this.#filling
    const iterator = this.#iterator
    Promise.resolve(iterator?.return?.()).catch(() => {})
  }

  /** A source that is silent for long must hide neither an abort nor that the WAL is closed. */
  #failIfUnusable(): void {
    try {
      this.#options.signal?.throwIfAborted()
      this.#checkUsable()
    } catch (error) {
      this.#fail(error)
    }
  }

  async #fill(source: Iterable<NewMessage> | AsyncIterable<NewMessage>): Promise<void> {
    const iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    this.#iterator = iterator
    let ended = false
    try {
      for (let pulls = 1; ; pulls++) {
        if (pulls % PULLS_A_TURN === 0) await this.#wait()
        if (this.#readerGone || this.#error !== undefined) return
        const pulled = iterator.next()
        this.#pulling = true
        const next = 'then' in pulled ? await pulled : pulled
        this.#pulling = false
        if (next.done) {
          ended = true
          return
        }
        if (this.#readerGone || this.#error !== undefined) return
        this.#checkUsable()
        const message = this.#appender.copy(next.value)
        while (!this.#hasRoom(message.bytes) || this.#wouldOvertake(next.value)) {
          if (this.#readerGone || this.#error !== undefined) return
          await this.#change()
          this.#checkUsable()
        }
        if (this.#goesStraight(next.value)) this.#submit(message)
        else this.#inOrder(this.#append(next.value))
      }
    } catch (error) {
      // Noted before the source counts as exhausted: otherwise the reader would see a good end.
      this.#fail(error)
    } finally {
      this.#pulling = false
      this.#exhausted = true
      this.#tell()
      if (!ended) await iterator.return?.()
    }
  }

  #hasRoom(bytes: number): boolean {
    const unread = this.#results.length - this.#read
    return unread < MAX_UNREAD && this.#outstanding < MAX_OUTSTANDING && this.#appender.hasRoom(bytes)
  }

  /** Results are given out in order, so a message that passes no interceptors waits for those before it that do. */
  #wouldOvertake(message: NewMessage): boolean {
    return this.#intercepted > 0 && this.#goesStraight(message)
  }

  /** Throws when the message is refused at once. Messages before it may still be on their way then. */
  #submit(message: AppendTask): void {
    this.#appender.submit(message, this, this.#options)
    this.#outstanding++
    this.#straight++
  }

  /** Interceptors keep order on each vchannel only; the results are given out in the order of the source. */
  #inOrder(outcome: Promise<AppendResult>): void {
    const before = this.#allBefore(this.#before, this.#straight)
    this.#outstanding++
    this.#intercepted++
    this.#before = outcome.then(
      async (result) => {
        await before
        this.#intercepted--
        this.#settle(result)
      },
      async (error: unknown) => {
        await before
        this.#intercepted--
        this.#break(error)
      },
    )
  }

  /**
   * Resolves when `before` has, and when the first `straight` of the messages that passed no interceptors have their
   * outcome.
   */
  async #allBefore(before: Promise<void>, straight: number): Promise<void> {
    await before
    while (this.#straightSettled < straight) await this.#change()
  }

  /** Called by the pipeline, in order: the next message that passed no interceptors is stored. */
  resolve(result: AppendResult): void {
    this.#straightSettled++
    this.#settle(result)
  }

  reject(error: unknown): void {
    this.#straightSettled++
    this.#break(error)
  }

  #settle(result: AppendResult): void {
    this.#outstanding--
    if (!this.#broken && !this.#readerGone) this.#results.push(result)
    this.#tell()
  }

  /** The failure of a message replaces an error that refused a message behind it: the first failure is the one to tell. */
  #break(error: unknown): void {
    this.#outstanding--
    if (!this.#broken) this.#error = { error }
    this.#broken = true
    this.#tell()
  }

  #fail(error: unknown): void {
    this.#error ??= { error }
    this.#tell()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.add(resolve)
      this.#appender.onRoom(resolve)
    })
  }

  #tell(): void {
    const ended = this.#exhausted && this.#outstanding === 0
    if (ended || this.#readerGone || this.#error !== undefined) this.#stopListening?.()
    this.#changed.wake()
  }
}

function isIterable(source: unknown): boolean {
  return (
    typeof source === 'object' &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  )
}
