import type { OpenerBuilderImpls } from '@wal/walimpls'
import { overMemory } from '../over-memory.js'

/** What readers of a log ask of the backend, and what it does to them. */
export interface Watch {
  /** Scanners that are open now, and those that were opened. */
  open: number
  opened: number
  /** What scanners were asked for at once, all together. */
  pageBytes: number
  logsClosed: number
  /** Looks at the last record. */
  looks: number
  /** Looks that begin now are answered once it resolves, with what they found. */
  answered?: Promise<void> | undefined
  /** The next read fails with it, once. */
  failure?: Error | undefined
  /** What scanners fail to close with. */
  closeFailure?: Error
  /** Says again and again that nothing follows. */
  endless?: boolean
}

/** The memory backend, watched under its read-only logs. */
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
