import type { Runtime } from '@wal/walimpls'
import { CallFailure, type Deferred, deferred } from '@wal/walimpls/helper'

/** A call of the driver, as tests see it. */
export type CallKind =
  | 'exists'
  | 'list'
  | 'cursor'
  | 'acknowledged'
  | 'advance'
  | 'producer'
  | 'reader'
  | 'last'
  | 'close'

export interface SeenCall {
  readonly kind: CallKind
  readonly topic: string
}

/** A part of the client that ends when the connections break. */
export interface Connected {
  lost(error: unknown): void
}

/** The connections between a scripted driver and its broker. A call takes a turn of the event loop to arrive, and one back. */
export class ScriptedLink {
  /** Every call that has arrived. */
  readonly calls: SeenCall[] = []
  /** Called when a call arrives at the broker. What it throws is the broker's answer; while it waits, so does the call. */
  onCall: ((call: SeenCall) => void | Promise<void>) | undefined
  readonly connected = new Set<Connected>()
  readonly #runtime: Pick<Runtime, 'yield'>
  #breaks = 0
  #broken = deferred<never>()
  #frozen: Deferred | undefined
  #closed = false

  constructor(runtime: Pick<Runtime, 'yield'>) {
    this.#runtime = runtime
    this.#broken.promise.catch(() => {})
  }

  /** The broker handles nothing more, until `thaw`. */
  freeze(): void {
    this.#frozen ??= deferred()
  }

  thaw(): void {
    this.#frozen?.resolve()
    this.#frozen = undefined
  }

  /** Breaks every connection: calls in progress fail, and whatever lives on a connection ends. */
  cut(error: unknown = new CallFailure('the connection to the broker was lost')): void {
    this.#breaks++
    const broken = this.#broken
    this.#broken = deferred<never>()
    this.#broken.promise.catch(() => {})
    broken.reject(error)
    for (const each of [...this.connected]) each.lost(error)
  }

  close(): void {
    this.#closed = true
    this.cut(new CallFailure('the client was closed'))
  }

  /** Waits until the broker gets to handle what was sent just now. Rejects when the connection breaks before. */
  async arrives(): Promise<void> {
    if (this.#closed) throw new CallFailure('the client was closed')
    const breaks = this.#breaks
    const broken = this.#broken.promise
    await Promise.race([this.#turn(), broken])
    if (breaks !== this.#breaks) await broken
  }

  async call<T>(call: SeenCall, handled: () => T | Promise<T>): Promise<T> {
    await this.arrives()
    this.calls.push(call)
    const broken = this.#broken.promise
    await Promise.race([this.onCall?.(call), broken])
    const answer = await Promise.race([handled(), broken])
    await this.arrives()
    return answer
  }

  count(kind: CallKind): number {
    return this.calls.filter((call) => call.kind === kind).length
  }

  async #turn(): Promise<void> {
    await this.#runtime.yield()
    while (this.#frozen !== undefined) await this.#frozen.promise
  }
}
