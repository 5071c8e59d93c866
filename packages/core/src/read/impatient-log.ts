import { type ReadOnlyWALImpls, type ScannerOptions, WalError } from '@wal/walimpls'
import { abortable } from '@wal/walimpls/helper'
import { Trouble } from '../diagnostics/trouble.js'
import { mayPass } from '../log/classify.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import type { ReadContext } from './read-context.js'

/** How often in a row reading may fail before the failure is told. */
const TRIES = 3

/**
 * How a WAL reads once it is no longer the writer: what fails is tried a few times, and then the failure is told. A scanner
 * goes on forever through failures that pass. But a caller that asks an ended writer what became of an append can ask another
 * WAL of the log instead.
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
      // The log may still have to be opened for the ended writer's readers.
      await abortable(context.reopening?.() ?? Promise.resolve(), signal)
      return awaitLogEnd({ ...context, log: context.log(), signal }, new Trouble(context), TRIES)
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
