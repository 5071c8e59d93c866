import type { AppendResult, NewMessage } from '../wal.js'
import type { InterceptedAppend, Interceptor } from './interceptor.js'

type Enter = (message: NewMessage) => Promise<AppendResult>

/**
 * Interceptors around the append pipeline, the first outermost. However long one of them waits, un-awaited appends to
 * one vchannel enter the pipeline, and settle, in the order in which they were called.
 */
export class InterceptorChain {
  readonly #interceptors: readonly Interceptor[]
  readonly #channel: string
  readonly #ready: Promise<unknown>
  /** Per vchannel: when the newest append has passed the pipeline's door, and when it has settled. */
  readonly #tails = new Map<string, { entered: Promise<void>; settled: Promise<void> }>()
  #running = 0
  #idle: (() => void)[] = []

  constructor(interceptors: readonly Interceptor[], channel: string) {
    this.#interceptors = interceptors
    this.#channel = channel
    this.#ready = Promise.all(interceptors.map(async (interceptor) => interceptor.ready?.()))
    // Told to every append; nobody else waits for it.
    this.#ready.catch(() => {})
  }

  get empty(): boolean {
    return this.#interceptors.length === 0
  }

  /** `batchBefore`: what has to have entered besides the vchannel's earlier appends; its rejection refuses this one. */
  async run(
    message: NewMessage,
    signal: AbortSignal,
    enter: Enter,
    batchBefore?: Promise<void>,
  ): Promise<AppendResult> {
    const vchannel = message.vchannel ?? ''
    const before = this.#tails.get(vchannel)
    let pass = (): void => {}
    const entered = new Promise<void>((resolve) => {
      pass = resolve
    })
    const call = async (): Promise<AppendResult> => {
      try {
        await this.#ready
        return await this.#step(0, { message, channel: this.#channel, signal }, async (changed) => {
          await before?.entered
          await batchBefore
          const stored = enter(changed)
          pass()
          return stored
        })
      } finally {
        // Refused before the door: those behind wait for nobody, but only once those before are through.
        await before?.entered
        pass()
      }
    }
    this.#running++
    const outcome = call()
    const settled = outcome.then(nothing, nothing).then(() => before?.settled)
    const tail = { entered, settled }
    this.#tails.set(vchannel, tail)
    try {
      return await outcome
    } finally {
      await before?.settled
      if (this.#tails.get(vchannel) === tail) this.#tails.delete(vchannel)
      if (--this.#running === 0) {
        for (const resolve of this.#idle) resolve()
        this.#idle = []
      }
    }
  }

  /** Tells the interceptors, waits for what runs inside them. */
  async gracefulClose(): Promise<void> {
    await Promise.all(this.#interceptors.map(async (interceptor) => interceptor.gracefulClose?.()))
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async close(): Promise<void> {
    for (const interceptor of this.#interceptors) await interceptor.close?.()
  }

  #step(index: number, append: InterceptedAppend, enter: Enter): Promise<AppendResult> {
    const interceptor = this.#interceptors[index]
    if (interceptor === undefined) return enter(append.message)
    return interceptor.append(append, (message) => this.#step(index + 1, { ...append, message }, enter))
  }
}

const nothing = (): void => {}
