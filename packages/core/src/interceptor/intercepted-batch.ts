import { AppendError, WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import type { AppendOptions, AppendResult, NewMessage } from '../api/wal.js'
import { BatchOutcomes } from '../append/batch-outcomes.js'
import type { AppendTask } from '../message/append-task.js'
import { type BatchTurn, InterceptedMessage, type InterceptionOptions } from './intercepted-append.js'

/**
 * Appends several messages through the interceptors. These run side by side, but each message enters the pipeline behind
 * the one before it, whatever their vchannels; when one is refused, so are those behind it. All of them or none are
 * begun, as in a batch without interceptors.
 */
export function appendBatchIntercepted(
  interception: InterceptionOptions,
  messages: readonly NewMessage[],
  options: AppendOptions,
): Promise<AppendResult[]> {
  const { appender } = interception
  const causeOf = (error: unknown) => refusalOf(error, options.signal)
  const outcomes = new BatchOutcomes(messages.length, appender.context, causeOf)
  let copies: AppendTask[]
  let releases: (() => void)[]
  try {
    copies = messages.map((message) => appender.copy(message))
    releases = appender.hold(copies, options)
  } catch (error) {
    outcomes.refuse(error)
    return outcomes.promise
  }
  let before: Promise<void> = Promise.resolve()
  messages.forEach((message, i) => {
    const owner = {
      resolve: (result: AppendResult) => outcomes.stored(i, result),
      reject: (error: unknown) => outcomes.failed(i, error),
    }
    const turn = turnBehind(before)
    before = turn.done
    const release = releases[i] as () => void
    new InterceptedMessage(interception, { options, owner, release, turn }).run(
      message,
      copies[i] as AppendTask,
    )
  })
  return outcomes.promise
}

/** What an interceptor threw becomes the cause of an error with a code. The reason of an abort stays as it is. */
function refusalOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (WalError.isInstance(error) || (signal?.aborted && signal.reason === error)) return error
  const said = error instanceof Error ? error.message : String(error)
  const options = { outcome: 'not-written' as const, cause: error }
  return new AppendError('WAL_INVALID_ARGUMENT', `an interceptor refused a message: ${said}`, options)
}

function turnBehind(before: Promise<void>): BatchTurn & { readonly done: Promise<void> } {
  const { promise: done, resolve, reject: refuse } = deferred()
  // Behind the last message of a batch nobody awaits `done`, so its rejection would otherwise be an unhandled one.
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
