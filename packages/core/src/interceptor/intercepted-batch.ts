import { AppendError, outcomeOf, WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import type { AppendOptions, AppendResult, NewMessage } from '../api/wal.js'
import { batchFailure } from '../append/append-batch-error.js'
import { joinTokens } from '../append/outcome-token.js'
import type { AppendTask } from '../message/append-task.js'
import { type BatchTurn, InterceptedMessage, type InterceptionOptions } from './intercepted-append.js'

type Outcome = { readonly result: AppendResult } | { readonly error: unknown }

/**
 * Appends several messages through the interceptors. These run side by side, but each message enters the pipeline behind
 * the one before it, whatever their vchannels; when one is refused, so are those behind it. All of them or none are
 * begun, as in a batch without interceptors.
 */
export async function appendBatchIntercepted(
  interception: InterceptionOptions,
  messages: readonly NewMessage[],
  options: AppendOptions,
): Promise<AppendResult[]> {
  let taken: AppendTask[]
  let releases: (() => void)[]
  try {
    taken = messages.map((message) => interception.appender.take(message))
    releases = interception.appender.hold(taken, options)
  } catch (error) {
    throw batchFailure([], messages.length, error, false, undefined)
  }
  return new Promise((resolve, reject) => {
    const outcomes: Outcome[] = new Array(messages.length)
    let open = messages.length
    const settle = (i: number, outcome: Outcome): void => {
      outcomes[i] = outcome
      if (--open > 0) return
      const failed = outcomes.findIndex((one) => 'error' in one)
      if (failed < 0) resolve(resultsOf(outcomes))
      else reject(failureOf(outcomes, failed, options.signal))
    }
    let before: Promise<void> = Promise.resolve()
    messages.forEach((message, i) => {
      const owner = {
        resolve: (result: AppendResult) => settle(i, { result }),
        reject: (error: unknown) => settle(i, { error }),
      }
      const turn = turnBehind(before)
      before = turn.done
      new InterceptedMessage(interception, options, owner, releases[i] as () => void, turn).run(
        message,
        taken[i] as AppendTask,
      )
    })
  })
}

function resultsOf(outcomes: readonly Outcome[]): AppendResult[] {
  return outcomes.map((outcome) => (outcome as { readonly result: AppendResult }).result)
}

function failureOf(outcomes: readonly Outcome[], failed: number, signal: AbortSignal | undefined): unknown {
  const results = resultsOf(outcomes.slice(0, failed))
  const rest = outcomes.slice(failed)
  const { error } = rest[0] as { readonly error: unknown }
  const unknown = rest.some((outcome) => 'result' in outcome || isUnknown(outcome.error))
  const nothingSent = results.length === 0 && !unknown
  const cause = nothingSent ? error : refusalOf(error, signal)
  return batchFailure(results, outcomes.length, cause, unknown, tokenOfAll(rest))
}

/** Undefined also where one was stored behind one that was refused, or is unknown and unnamed: no token could say so. */
function tokenOfAll(rest: readonly Outcome[]): string | undefined {
  const tokens: string[] = []
  for (const outcome of rest) {
    if ('result' in outcome) return undefined
    if (!isUnknown(outcome.error)) continue
    const { token } = outcome.error as { readonly token?: string }
    if (token === undefined) return undefined
    tokens.push(token)
  }
  return joinTokens(tokens, rest.length)
}

/** What an interceptor threw gets a code; an abort's reason stays what it is. */
function refusalOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (WalError.isInstance(error) || (signal?.aborted && signal.reason === error)) return error
  const said = error instanceof Error ? error.message : String(error)
  const options = { outcome: 'not-written' as const, cause: error }
  return new AppendError('WAL_INVALID_ARGUMENT', `an interceptor refused a message: ${said}`, options)
}

/** An error that is not ours comes from an interceptor or an abort, before anything was sent. */
function isUnknown(error: unknown): boolean {
  return WalError.isInstance(error) && outcomeOf(error) === 'unknown'
}

function turnBehind(before: Promise<void>): BatchTurn & { readonly done: Promise<void> } {
  const { promise: done, resolve, reject: refuse } = deferred()
  // The last message of a batch has nobody behind it.
  done.catch(() => {})
  const refused = (error: unknown): void => {
    const { code, retryable } = WalError.isInstance(error)
      ? error
      : { code: 'WAL_INVALID_ARGUMENT' as const, retryable: false }
    const text = 'a message before this one in its batch was refused: it is not written'
    refuse(new AppendError(code, text, { outcome: 'not-written', cause: error, retryable }))
  }
  return { before, done, entered: () => resolve(), refused }
}
