import { invalidArgument } from '@wal/walimpls'
import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { Logger } from '../api/logger.js'
import type { AppendOptions, AppendResult, NewMessage } from '../api/wal.js'
import { ResultWithExtra } from '../append/result-with-extra.js'
import type { InterceptorTiming } from './timings.js'

export interface AppendRunParts {
  readonly interceptors: readonly Interceptor[]
  readonly channel: string
  readonly signal: AbortSignal
  readonly options: AppendOptions
  /** Hands the message to the pipeline; when it throws, the message has not reached it. */
  readonly submit: (message: NewMessage) => Promise<AppendResult>
  /** The clock; undefined when nobody wants the timings. */
  readonly now: (() => number) | undefined
  readonly logger: Logger
  readonly where: string
}

/** One append on its way through the interceptors; holds each of them to the contract of `Interceptor`. */
export class AppendRun {
  readonly #parts: AppendRunParts
  /** The outcome of the append, once the message has reached the pipeline. From then on no interceptor can change it. */
  #stored: Promise<AppendResult> | undefined
  readonly timings: InterceptorTiming[] = []

  constructor(parts: AppendRunParts) {
    this.#parts = parts
    if (parts.now !== undefined)
      this.timings = parts.interceptors.map(({ name }) => ({ name, beforeMs: 0, afterMs: 0 }))
  }

  run(message: NewMessage): Promise<AppendResult> {
    return this.#step(0, message)
  }

  async #step(index: number, message: NewMessage): Promise<AppendResult> {
    const { interceptors, channel, signal, options, submit } = this.#parts
    const interceptor = interceptors[index]
    if (interceptor === undefined) {
      this.#stored = submit(message)
      return this.#stored
    }
    const watch = new StopWatch(this.timings[index], this.#parts.now)
    let pending: Promise<AppendResult> | undefined
    let last: { readonly result: AppendResult } | { readonly error: unknown } | undefined
    let ended = false
    const next = (changed: NewMessage): Promise<AppendResult> => {
      if (ended || pending !== undefined || this.#stored !== undefined)
        return Promise.reject(this.#misuse(interceptor, CALLED_AGAIN))
      if (interceptor.place === 'inner' && isMoved(message, changed))
        return Promise.reject(this.#misuse(interceptor, MOVED))
      watch.next()
      pending = this.#step(index + 1, changed)
      const called = pending.then(
        (result) => {
          last = { result }
          return result
        },
        (error: unknown) => {
          last = { error }
          throw error
        },
      )
      const answer = called.finally(() => {
        pending = undefined
        watch.answered()
      })
      // An interceptor may ignore the answer of `next`: then a rejection must not end the process as an unhandled one.
      answer.catch(nothing)
      return answer
    }
    const append: InterceptedAppend = { message, channel, options, signal }
    const outcome = await outcomeOf(interceptor, append, next)
    ended = true
    // The interceptor ended without awaiting `next`: the message is on its way all the same.
    if (pending !== undefined) await (pending as Promise<AppendResult>).catch(nothing)
    watch.end()
    const inner = last !== undefined && 'result' in last ? last.result : undefined
    if (this.#stored === undefined) {
      if ('error' in outcome) throw outcome.error
      const result = resultIn(outcome.returned, inner)
      if (result !== undefined) return result
      if (last !== undefined && 'error' in last) throw last.error
      throw this.#misuse(interceptor, NO_RESULT)
    }
    const stored = await this.#stored
    const kept = inner ?? stored
    if ('error' in outcome) this.#logFailure(interceptor, outcome.error)
    else {
      const result = resultIn(outcome.returned, kept)
      if (result !== undefined) return result
      this.#logFailure(interceptor, this.#misuse(interceptor, NO_RESULT))
    }
    return kept
  }

  #misuse({ name }: Interceptor, misuse: string): Error {
    return invalidArgument(`${this.#parts.where}: interceptor "${name}" ${misuse}`)
  }

  #logFailure({ name }: Interceptor, error: unknown): void {
    const { logger, where, channel } = this.#parts
    logger.error(
      { err: error, channel, interceptor: name },
      `${where}: interceptor "${name}" failed after the message was stored; the append has succeeded`,
    )
  }
}

// What an interceptor did wrong, as the end of a sentence that begins with its name.
const CALLED_AGAIN =
  'called next again, or after it had settled. It may call next once, and again only after a failure of an interceptor further in'
const MOVED =
  'changed the vchannel or the type of a message, which an interceptor in the place "inner" must leave as they are'
const NO_RESULT = 'returned neither what next resolved to nor an AppendResult of its own'

const nothing = (): void => {}

async function outcomeOf(
  interceptor: Interceptor,
  append: InterceptedAppend,
  next: (message: NewMessage) => Promise<AppendResult>,
): Promise<{ readonly returned: unknown } | { readonly error: unknown }> {
  try {
    return { returned: await interceptor.append(append, next) }
  } catch (error) {
    return { error }
  }
}

/**
 * What an interceptor returned, as a result. `{ ...result, extra }` has lost position and time tick, since these are getters
 * of the result: then it is the result of `next` with that `extra`.
 */
function resultIn(returned: unknown, inner: AppendResult | undefined): AppendResult | undefined {
  if (isResult(returned)) return returned
  if (inner === undefined || typeof returned !== 'object' || returned === null) return undefined
  if (Object.hasOwn(returned, 'extra'))
    return new ResultWithExtra(inner, (returned as { readonly extra: unknown }).extra)
  return Object.hasOwn(returned, 'vchannel') ? inner : undefined
}

function isResult(value: unknown): value is AppendResult {
  return typeof (value as AppendResult | undefined | null)?.timeTick === 'bigint'
}

function isMoved(message: NewMessage, changed: NewMessage | undefined): boolean {
  return (changed?.vchannel ?? '') !== (message.vchannel ?? '') || changed?.type !== message.type
}

/** Adds up the time that one interceptor takes. Does nothing when nobody wants the timings. */
class StopWatch {
  readonly #timing: InterceptorTiming | undefined
  readonly #now: () => number
  #since: number
  #called = false

  constructor(timing: InterceptorTiming | undefined, now: (() => number) | undefined) {
    this.#timing = timing
    this.#now = now ?? (() => 0)
    this.#since = this.#now()
  }

  /**
   * The interceptor calls `next`: the time until now counts as before it. With `redo`, so does the pause between two calls.
   */
  next(): void {
    this.#called = true
    if (this.#timing !== undefined) this.#timing.beforeMs += this.#now() - this.#since
  }

  answered(): void {
    this.#since = this.#now()
  }

  end(): void {
    if (this.#timing !== undefined)
      this.#timing[this.#called ? 'afterMs' : 'beforeMs'] += this.#now() - this.#since
  }
}
