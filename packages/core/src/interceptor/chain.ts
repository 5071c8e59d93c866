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
  /** The users', the first outermost. */
  readonly interceptors: readonly Interceptor[]
  readonly lock: AppendLock
  /** The innermost. */
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
  readonly enter: (message: NewMessage) => Promise<AppendResult>
  /** What has to have entered besides the vchannel's earlier appends; its rejection refuses this one. */
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
  /** From the order of calls inwards. */
  readonly #inside: readonly Interceptor[]
  readonly #ready: Promise<unknown>
  #isReady = false
  readonly #order = new CallOrder()
  readonly #now: (() => number) | undefined
  #running = 0
  /** Of those running, how many have not reached the pipeline. */
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
    // Told to every append; nobody else waits for it.
    this.#ready.catch(() => {})
    if (onTimings !== undefined || logger !== silentLogger) this.#now = () => runtime.monotonic()
  }

  /** No interceptor of a user's: the pipeline may settle an append itself. */
  get bare(): boolean {
    return this.#options.interceptors.length === 0
  }

  /** Whether an ordinary append may go past the chain: nothing in it waits, nobody is exclusive. */
  get open(): boolean {
    return this.#outside === 0 && this.bare && !this.#options.lock.busy
  }

  async run({ message, signal, options, enter, batchBefore }: ChainedAppend): Promise<AppendResult> {
    const { channel, logger, where } = this.#options
    const turn = this.#order.take(message, batchBefore)
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
      enter: (changed) => {
        const stored = enter(changed)
        reached()
        turn.pass()
        return stored
      },
      now: this.#now,
      logger,
      where,
    })
    // Nobody waits for it any more and nothing of it will be stored: however deaf an interceptor is, those behind go on.
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

  /** Tells the interceptors, waits for what runs inside them; then throws what the first of them threw. */
  async gracefulClose(): Promise<void> {
    const closing = this.#options.interceptors.map(async (interceptor) => interceptor.gracefulClose?.())
    const outcomes = await Promise.allSettled(closing)
    if (this.#running > 0) await this.#idle.next()
    throwFirst(outcomes)
  }

  /** Closes every one, the outermost first, whatever fails; then throws what the first of them threw. */
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
