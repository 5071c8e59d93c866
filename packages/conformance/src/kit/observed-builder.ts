import type {
  OpenerBuilderImpls,
  OpenerImpls,
  ReadOnlyWALImpls,
  ScannerImpls,
  ScannerOptions,
  WALImpls,
} from '@wal/walimpls'
import { withMethods } from '@wal/walimpls/helper'

/** Counts of the calls that `@wal/core` makes to the backend. */
export class Observations {
  openers = 0
  opens = 0
  appends = 0
  /** How many times a reader found its next record in the write-ahead buffer and closed its backend scanner. */
  switchesToTailing = 0
  /** How many times a slow reader's next record had left the buffer, so that the reader opened a backend scanner again. */
  evictions = 0
}

type Life = 'reading' | 'failed' | 'let go'

/**
 * The backend under test, with its calls counted. `@wal/core` passes the same signal to all backend scanners that it opens for
 * one reader, so the signal tells readers apart.
 */
export function observedBuilder(inner: OpenerBuilderImpls, seen: Observations): OpenerBuilderImpls {
  const lives = new WeakMap<AbortSignal, Life>()
  const read = (log: ReadOnlyWALImpls, options: ScannerOptions): ScannerImpls => {
    const { signal } = options
    const scanner = log.read(options)
    if (signal === undefined) return scanner
    if (lives.get(signal) === 'let go') seen.evictions++
    lives.set(signal, 'reading')
    return {
      ready: () => scanner.ready(),
      async next() {
        try {
          const batch = await scanner.next()
          if (batch === undefined) lives.set(signal, 'failed')
          return batch
        } catch (error) {
          lives.set(signal, 'failed')
          throw error
        }
      },
      close() {
        if (lives.get(signal) === 'reading' && !signal.aborted) {
          lives.set(signal, 'let go')
          seen.switchesToTailing++
        }
        return scanner.close()
      },
    }
  }
  return {
    ...inner,
    async build(options, runtime, waits) {
      seen.openers++
      const opener = await inner.build(options, runtime, waits)
      const opened: OpenerImpls = {
        async openReadOnly(channel, more) {
          seen.opens++
          const log = await opener.openReadOnly(channel, more)
          return withMethods(log, { read: (given) => read(log, given) })
        },
        async open(channel, writer, more) {
          seen.opens++
          const log = await opener.open(channel, writer, more)
          const append: WALImpls['append'] = (batch) => {
            seen.appends++
            return log.append(batch)
          }
          return withMethods(log, { append, read: (given) => read(log, given) })
        },
        close: () => opener.close(),
      }
      return opened
    },
  }
}
