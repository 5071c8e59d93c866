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
  readonly enter: (message: NewMessage) => Promise<AppendResult>
  /** Given when somebody wants the timings. */
  readonly now: (() => number) | undefined
  readonly logger: Logger
  readonly where: string
}

/** One append on its way through the interceptors; holds each of them to the contract of `Interceptor`. */
export class AppendRun {
  readonly #parts: AppendRunParts
  /** The pipeline's word, once the message has reached it. Nothing else counts from then on. */
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
    const { interceptors, channel, signal, options, enter } = this.#parts
    const interceptor = interceptors[index]
    if (interceptor === undefined) {
      this.#stored = enter(message)
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
      // Whether or not the interceptor looks at it, the chain does.
      answer.catch(nothing)
      return answer
    }
    const append: InterceptedAppend = { message, channel, options, signal }
    const outcome = await outcomeOf(interceptor, append, next)
    ended = true
    // Not awaited by the interceptor, but on its way.
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
 * What an interceptor returns, as a result. A spread of what `next` resolved to has lost position and time tick, which are
 * getters there: then `extra` is taken over from it.
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

/** Adds up what one interceptor takes; does nothing when nobody wants to know. */
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

  /** It calls `next`: what it did until now came before, the pause between two turns as well. */
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
