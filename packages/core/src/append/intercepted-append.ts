import { AppendError, type Runtime, WalError } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import type { InterceptorChain } from '../interceptor/chain.js'
import type { AppendOptions, AppendResult, NewMessage } from '../wal.js'
import type { Appender } from './appender.js'
import { takeMessage } from './new-message.js'

/** Node fires a timer beyond this at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface InterceptionOptions {
  readonly chain: InterceptorChain
  readonly appender: Appender
  readonly runtime: Runtime
  readonly where: string
  readonly appendTimeoutMs: number
  /** Of the WAL: aborted when it stops being usable. */
  readonly signal: AbortSignal
}

/** A message's place among those of one `appendBatch`. */
export interface BatchTurn {
  /** Resolves when the message before has entered the pipeline; rejects when it never will. */
  readonly before: Promise<void>
  entered(): void
  refused(error: unknown): void
}

/**
 * Appends one message through the interceptors. Its wait ends by deadline, abort or the WAL's end whatever they wait for
 * (G4), it counts against the bound on what waits (G15), and once its wait has ended nothing of it is stored.
 */
export async function appendIntercepted(
  interception: InterceptionOptions,
  message: NewMessage,
  options: AppendOptions,
  turn?: BatchTurn,
): Promise<AppendResult> {
  const { chain, appender, runtime, where, appendTimeoutMs } = interception
  // Checked, and copied, before anything may wait: the caller may reuse its buffer.
  const taken = takeMessage(message)
  const release = appender.hold(taken, options)
  const { timeoutMs = appendTimeoutMs } = options
  const deadline = runtime.now() + timeoutMs
  const ending = new AbortController()
  let entered = false
  const timer = runtime.setTimeout(() => ending.abort(timedOut(where)), Math.min(timeoutMs, MAX_TIMER_MS), {
    background: true,
  })
  const stop = [interception.signal, options.signal].map(
    (one) => one && onAbort(one, (reason) => ending.abort(one === options.signal ? reason : refused(reason))),
  )
  const enter = (changed: NewMessage): Promise<AppendResult> => {
    ending.signal.throwIfAborted()
    release()
    entered = true
    const left = { ...options, timeoutMs: Math.max(1, deadline - runtime.now()) }
    return new Promise((resolve, reject) => {
      appender.submitHeld(takeMessage(changed), { resolve, reject }, left)
      turn?.entered()
    })
  }
  try {
    return await new Promise<AppendResult>((resolve, reject) => {
      // Once it has entered, the pipeline says what became of it.
      onAbort(ending.signal, (reason) => entered || reject(reason))
      chain
        .run({ ...message, payload: taken.payload }, ending.signal, enter, turn?.before)
        .then(resolve, reject)
    })
  } catch (error) {
    turn?.refused(error)
    throw error
  } finally {
    release()
    timer.clear()
    for (const stopListening of stop) stopListening?.()
  }
}

function timedOut(where: string): AppendError {
  return new AppendError(
    'WAL_TIMEOUT',
    `${where}: the deadline passed while an interceptor held the message: it is not written`,
    { outcome: 'not-written' },
  )
}

/** The WAL ended. */
function refused(reason: unknown): unknown {
  if (!WalError.isInstance(reason)) return reason
  return new AppendError(reason.code, reason.message, { outcome: 'not-written', cause: reason })
}
