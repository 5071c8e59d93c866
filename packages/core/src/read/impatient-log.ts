import { type ReadOnlyWALImpls, type ScannerOptions, WalError } from '@wal/walimpls'
import { abortable } from '@wal/walimpls/helper'
import { Trouble } from '../diagnostics/trouble.js'
import { mayPass } from '../log/classify.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import type { ReadContext } from './read-context.js'

/** How many failures in a row to read a log again after; the last one goes to the caller. */
const TRIES = 3

/**
 * The log as a WAL reads it once it is no longer the writer: after three failures in a row, reading ends with the last one. A
 * scanner would try forever. But a caller that asks a former writer what became of an append need not wait so long: it can ask
 * another WAL of the same log.
 */
export function impatientContext(context: ReadContext): ReadContext {
  let inner: ReadOnlyWALImpls | undefined
  let outer: ReadOnlyWALImpls | undefined
  const log = (): ReadOnlyWALImpls => {
    const current = context.log()
    if (outer === undefined || inner !== current) outer = impatientLog(current)
    inner = current
    return outer
  }
  return {
    ...context,
    log,
    async end(signal) {
      // The writer's log was closed, and another one may still be opening for readers.
      await abortable(context.reopening?.() ?? Promise.resolve(), signal)
      return awaitLogEnd({ ...context, log: context.log(), signal }, new Trouble(context), { tries: TRIES })
    },
  }
}

function impatientLog(log: ReadOnlyWALImpls): ReadOnlyWALImpls {
  let failures = 0
  const judged = (error: unknown): unknown => (mayPass(error) && ++failures >= TRIES ? asFinal(error) : error)
  return {
    channel: log.channel,
    place: log.place,
    limits: log.limits,
    guarantees: log.guarantees,
    last: (waits) => log.last(waits),
    read(options: ScannerOptions) {
      const scanner = log.read(options)
      return {
        ready: () => scanner.ready(),
        async next() {
          try {
            const batch = await scanner.next()
            failures = 0
            return batch
          } catch (error) {
            throw judged(error)
          }
        },
        close: () => scanner.close(),
      }
    },
    close: () => log.close(),
  }
}

function asFinal(error: unknown): WalError {
  const code = WalError.isInstance(error) ? error.code : 'WAL_UNAVAILABLE'
  const message = error instanceof Error ? error.message : String(error)
  return new WalError(code, message, { cause: error, retryable: false })
}
