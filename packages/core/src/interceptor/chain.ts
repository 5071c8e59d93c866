import type { Runtime } from '@wal/walimpls'
import { abortable, onAbort, WakeList } from '@wal/walimpls/helper'
import type { Interceptor } from '../api/interceptor.js'
import { type Logger, silentLogger } from '../api/logger.js'
import type { AppendOptions, AppendResult, NewMessage } from '../api/wal.js'
import { AppendRun } from './append-run.js'
import { CallOrder } from './call-order.js'
import type { AppendLock } from './lock.js'
import { redoInterceptor } from './redo.js'
import { SLOW_APPEND_MS, type TimingsListener } from './timings.js'

export interface ChainOptions {
  /** The user's interceptors, the outermost first. */
  readonly interceptors: readonly Interceptor[]
  readonly lock: AppendLock
  /** The innermost interceptor. */
  readonly timeTick: Interceptor
  readonly channel: string
  readonly where: string
  readonly runtime: Runtime
  readonly logger: Logger
  readonly onTimings?: TimingsListener | undefined
}

export interface ChainedAppend {
  readonly message: NewMessage
  readonly signal: AbortSignal
  readonly options: AppendOptions
  /** Hands the message to the pipeline; when it throws, the message has not reached it. */
  readonly submit: (message: NewMessage) => Promise<AppendResult>
  /** Resolves when the message before it in its batch has reached the pipeline; its rejection refuses this one. */
  readonly batchBefore: Promise<void> | undefined
}

/**
 * Interceptors around the append pipeline: outer ones, the order of calls, redo, lock, inner ones, time tick. However
 * long one of them waits, un-awaited appends to one vchannel enter the pipeline, and settle, in the order in which they
 * were called. See docs/decisions/interceptors.md.
 */
export class InterceptorChain {
  readonly #options: ChainOptions
  readonly #outer: readonly Interceptor[]
  /** The interceptors inside the order of calls: the library's own and the inner ones. */
  readonly #inside: readonly Interceptor[]
  readonly #ready: Promise<unknown>
  #isReady = false
  readonly #order = new CallOrder()
  readonly #now: (() => number) | undefined
  #running = 0
  /** How many of the running appends have not reached the pipeline. */
  #outside = 0
  readonly #idle = new WakeList()

  constructor(options: ChainOptions) {
    const { interceptors, lock, timeTick, runtime, logger, onTimings } = options
    this.#options = options
    this.#outer = interceptors.filter(({ place }) => place !== 'inner')
    const inner = interceptors.filter(({ place }) => place === 'inner')
    this.#inside = [redoInterceptor(runtime), lock, ...inner, timeTick]
    this.#ready = Promise.all(interceptors.map(async (interceptor) => interceptor.ready?.())).then(() => {
      this.#isReady = true
    })
    // A rejection is told to every append, and must not end the process as an unhandled one.
    this.#ready.catch(() => {})
    if (onTimings !== undefined || logger !== silentLogger) this.#now = () => runtime.monotonic()
  }

  /** Whether the user gave no interceptors: then the pipeline may settle an append itself. */
  get bare(): boolean {
    return this.#options.interceptors.length === 0
  }

  /** Whether an ordinary append may skip the chain: no interceptor concerns it, and no append in the chain is before it. */
  get open(): boolean {
    return this.#outside === 0 && this.bare && !this.#options.lock.busy
  }

  async run({ message, signal, options, submit, batchBefore }: ChainedAppend): Promise<AppendResult> {
    const { channel, logger, where } = this.#options
    const turn = this.#order.occupy(message, batchBefore)
    let outside = true
    const reached = (): void => {
      if (outside) this.#outside--
      outside = false
    }
    this.#running++
    this.#outside++
    const run = new AppendRun({
      interceptors: [...this.#outer, turn, ...this.#inside],
      channel,
      signal,
      options,
      submit: (changed) => {
        const stored = submit(changed)
        reached()
        turn.submitted()
        return stored
      },
      now: this.#now,
      logger,
      where,
    })
    // An append whose wait has ended will not be stored: those behind it go on, even if an interceptor ignores the signal.
    const stop = onAbort(signal, () => {
      if (!outside) return
      reached()
      void turn.end()
    })
    const now = this.#now
    const began = now?.()
    try {
      await (this.#isReady || abortable(this.#ready, signal))
      return await run.run(message)
    } finally {
      stop()
      reached()
      if (now !== undefined) this.#tell(run, now() - (began as number))
      await turn.end()
      if (--this.#running === 0) this.#idle.wake()
    }
  }

  /** Tells the interceptors and waits for the appends inside them. Then throws the first error that an interceptor threw. */
  async gracefulClose(): Promise<void> {
    const closing = this.#options.interceptors.map(async (interceptor) => interceptor.gracefulClose?.())
    const outcomes = await Promise.allSettled(closing)
    if (this.#running > 0) await this.#idle.next()
    throwFirst(outcomes)
  }

  /** Closes every interceptor, the outermost first, also when one fails. Then throws the first error. */
  async close(): Promise<void> {
    const outcomes: PromiseSettledResult<void>[] = []
    for (const interceptor of this.#options.interceptors)
      outcomes.push(...(await Promise.allSettled([closeOf(interceptor)])))
    throwFirst(outcomes)
  }

  #tell({ timings }: AppendRun, totalMs: number): void {
    const { onTimings, logger, where, channel } = this.#options
    onTimings?.(timings, totalMs)
    if (totalMs > SLOW_APPEND_MS)
      logger.warn({ channel, totalMs, interceptors: timings }, `${where}: slow append`)
  }
}

async function closeOf(interceptor: Interceptor): Promise<void> {
  await interceptor.close?.()
}

function throwFirst(outcomes: readonly PromiseSettledResult<void>[]): void {
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
