import { AppendError, outcomeOf, WalError } from '@wal/walimpls'
import type { AppendOptions, AppendResult, NewMessage } from '../wal.js'
import { batchFailure } from './append-batch-error.js'
import { appendIntercepted, type BatchTurn, type InterceptionOptions } from './intercepted-append.js'

/**
 * Appends several messages through the interceptors. These run side by side, but each message enters the pipeline behind
 * the one before it, whatever their vchannels; when one is refused, so are those behind it.
 */
export async function appendBatchIntercepted(
  interception: InterceptionOptions,
  messages: readonly NewMessage[],
  options: AppendOptions,
): Promise<AppendResult[]> {
  let before: Promise<void> = Promise.resolve()
  const appends = messages.map((message) => {
    const turn = turnBehind(before)
    before = turn.done
    return appendIntercepted(interception, message, options, turn)
  })
  const outcomes = await Promise.allSettled(appends)
  const failed = outcomes.findIndex(({ status }) => status === 'rejected')
  const results = outcomes
    .slice(0, failed < 0 ? outcomes.length : failed)
    .map((outcome) => (outcome as PromiseFulfilledResult<AppendResult>).value)
  if (failed < 0) return results
  const rest = outcomes.slice(failed)
  const error = (rest[0] as PromiseRejectedResult).reason
  const unknown = rest.some((outcome) => outcome.status === 'fulfilled' || isUnknown(outcome.reason))
  const nothingSent = results.length === 0 && !unknown
  const cause = nothingSent ? error : refusalOf(error, options.signal)
  throw batchFailure(results, messages.length, cause, unknown)
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
  let entered = (): void => {}
  let refuse = (_: unknown): void => {}
  const done = new Promise<void>((resolve, reject) => {
    entered = resolve
    refuse = reject
  })
  // The last message of a batch has nobody behind it.
  done.catch(() => {})
  const refused = (error: unknown): void =>
    refuse(
      new AppendError(
        WalError.isInstance(error) ? error.code : 'WAL_INVALID_ARGUMENT',
        'a message before this one in its batch was refused: it is not written',
        { outcome: 'not-written', cause: error },
      ),
    )
  return { before, done, entered, refused }
}
