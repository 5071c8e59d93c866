import type { OpenerBuilderImpls } from '@wal/walimpls'
import { overMemory } from '../over-memory.js'

/** Counts of the calls that readers make to the backend, and failures that the test causes. */
export interface Watch {
  /** How many scanners are open now, and how many were opened in all. */
  open: number
  opened: number
  /** The sum of `maxBytes` of all open scanners. */
  pageBytes: number
  logsClosed: number
  /** How many calls of `last` were made. */
  looks: number
  /** Calls of `last` that begin now wait for this promise before they answer. */
  answered?: Promise<void> | undefined
  /** The next read fails with this error, once. */
  failure?: Error | undefined
  /** The error with which the close of a scanner rejects. */
  closeFailure?: Error
  /** Scanners say again and again, without waiting, that they are at the end. */
  endless?: boolean
}

/** The memory backend. The calls of its read-only logs are counted. */
export function watchedReaders(): { readonly watch: Watch; readonly builder: OpenerBuilderImpls } {
  const watch: Watch = { open: 0, opened: 0, pageBytes: 0, logsClosed: 0, looks: 0 }
  const builder = overMemory(
    () => ({}),
    (log) => ({
      last: async (waits) => {
        const { answered } = watch
        const found = await log.last(waits)
        watch.looks++
        await answered
        return found
      },
      read: (options) => {
        watch.open++
        watch.opened++
        watch.pageBytes += options.maxBytes
        const scanner = log.read(options)
        let isOpen = true
        let ended = false
        return {
          ready: () => scanner.ready(),
          next: async () => {
            if (ended) return []
            const page = await scanner.next()
            const { failure } = watch
            watch.failure = undefined
            if (failure !== undefined) throw failure
            ended = watch.endless === true && page?.length === 0
            return page
          },
          close: async () => {
            if (isOpen) watch.open--
            isOpen = false
            await scanner.close()
            if (watch.closeFailure !== undefined) throw watch.closeFailure
          },
        }
      },
      close: () => {
        watch.logsClosed++
        return log.close()
      },
    }),
  )
  return { watch, builder }
}
