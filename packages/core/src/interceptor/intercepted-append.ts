import { AppendError, type Runtime, type Timer, WalError } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import type { AppendOptions, AppendResult, NewMessage } from '../api/wal.js'
import { endedError } from '../append/append-error.js'
import type { Appender } from '../append/appender.js'
import { lastFailure } from '../diagnostics/trouble.js'
import type { AppendTask, TaskOwner } from '../message/append-task.js'
import { plainMessage } from '../message/new-message.js'
import type { InterceptorChain } from './chain.js'

/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface InterceptionOptions {
  readonly chain: InterceptorChain
  readonly appender: Appender
  readonly runtime: Runtime
  readonly where: string
  readonly appendTimeoutMs: number
  /** Aborts when the WAL stops being usable. */
  readonly signal: AbortSignal
}

/** Who appends a message through the interceptors, and what was asked for. */
export interface InterceptedCall {
  readonly options?: AppendOptions | undefined
  readonly owner: TaskOwner
}

/** A message's place among those of one `appendBatch`. */
export interface BatchTurn {
  /** Resolves when the message before it has entered the pipeline; rejects when that message never will. */
  readonly before: Promise<void>
  entered(): void
  refused(error: unknown): void
}

/**
 * Appends one message through the interceptors, the lock among them. Throws when the message can be refused at once; the
 * owner is told any later outcome.
 */
export function appendIntercepted(
  interception: InterceptionOptions,
  message: NewMessage,
  { options = {}, owner }: InterceptedCall,
): void {
  // The message is checked and copied before anything waits, since the caller may reuse its buffer.
  const copy = interception.appender.copy(message)
  const [release] = interception.appender.hold([copy], options)
  new InterceptedMessage(interception, { options, owner, release: release as () => void }).run(message, copy)
}

/**
 * One message on its way through the interceptors. Its wait ends by its deadline, its signal or the end of the WAL, even if
 * an interceptor ignores these (G4). It counts against the bound on what waits (G15). When its wait ends before it has entered
 * the pipeline, it is never stored.
 */
export class InterceptedMessage implements TaskOwner {
  readonly #interception: InterceptionOptions
  readonly #options: AppendOptions
  readonly #owner: TaskOwner
  readonly #release: () => void
  readonly #turn: BatchTurn | undefined
  readonly #deadline: number
  readonly #ending = new AbortController()
  readonly #timer: Timer
  readonly #stops: ((() => void) | undefined)[]
  #stored: Promise<AppendResult> | undefined
  #settled = false

  constructor(
    interception: InterceptionOptions,
    {
      options,
      owner,
      release,
      turn,
    }: {
      readonly options: AppendOptions
      readonly owner: TaskOwner
      /** Gives back what the message is counted as while it waits. */
      readonly release: () => void
      readonly turn?: BatchTurn
    },
  ) {
    const { runtime, where, appendTimeoutMs } = interception
    const { timeoutMs = appendTimeoutMs, signal } = options
    this.#interception = interception
    this.#options = options
    this.#owner = owner
    this.#release = release
    this.#turn = turn
    this.#deadline = runtime.monotonic() + timeoutMs
    const { slices, trouble } = interception.appender
    const expire = () => slices.add(() => this.#end(() => timedOut(where, trouble.last)))
    this.#timer = runtime.setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS), { background: true })
    this.#stops = [
      signal && onAbort(signal, (reason) => slices.add(() => this.#end(() => reason))),
      onAbort(interception.signal, (reason) => slices.add(() => this.#end(() => refused(reason)))),
    ]
  }

  run(message: NewMessage, copy: AppendTask): void {
    this.#interception.chain
      .run({
        message: plainMessage(message, copy),
        signal: this.#ending.signal,
        options: this.#options,
        submit: (changed) => this.#submit(changed),
        batchBefore: this.#turn?.before,
      })
      .then(
        (result) => this.resolve(result),
        (error: unknown) => this.reject(error),
      )
  }

  resolve(result: AppendResult): void {
    if (this.#settle()) this.#owner.resolve(result)
  }

  reject(error: unknown): void {
    if (!this.#settle()) return
    this.#turn?.refused(error)
    this.#owner.reject(error)
  }

  #submit(message: NewMessage): Promise<AppendResult> {
    const { chain, appender, runtime } = this.#interception
    this.#ending.signal.throwIfAborted()
    this.#release()
    const copy = appender.copy(message, this.#options.barrierTimeTick)
    const remaining = { ...this.#options, timeoutMs: Math.max(1, this.#deadline - runtime.monotonic()) }
    let pipelineOwner: TaskOwner | undefined
    const stored = new Promise<AppendResult>((resolve, reject) => {
      pipelineOwner = chain.bare ? bothOf(this, { resolve, reject }) : { resolve, reject }
    })
    appender.submitHeld(copy, pipelineOwner as unknown as TaskOwner, remaining)
    this.#turn?.entered()
    this.#stored = stored
    return stored
  }

  /**
   * The wait is over. For a message that has entered the pipeline, the pipeline says what became of it, and no interceptor
   * is waited for.
   */
  #end(reasonOf: () => unknown): void {
    if (this.#settled) return
    const reason = reasonOf()
    this.#ending.abort(reason)
    if (this.#stored === undefined) this.reject(reason)
    else
      this.#stored.then(
        (result) => this.resolve(result),
        (error: unknown) => this.reject(error),
      )
  }

  /** Marks the message as settled. Answers false when it was settled before. */
  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#release()
    this.#timer.clear()
    for (const stop of this.#stops) stop?.()
    return true
  }
}

/**
 * An owner that tells both, the first at once: appends that skipped the chain are told at once too, and outcomes come in
 * order.
 */
function bothOf(first: TaskOwner, second: TaskOwner): TaskOwner {
  return {
    resolve(result) {
      first.resolve(result)
      second.resolve(result)
    },
    reject(error) {
      first.reject(error)
      second.reject(error)
    },
  }
}

function timedOut(where: string, failure: unknown): AppendError {
  return new AppendError(
    'WAL_TIMEOUT',
    `${where}: the deadline passed while an interceptor held the message: it is not written.${lastFailure(failure)}`,
    { outcome: 'not-written', cause: failure },
  )
}

/** The error for a message that waited when the WAL ended. */
function refused(reason: unknown): unknown {
  return WalError.isInstance(reason) ? endedError(reason) : reason
}
