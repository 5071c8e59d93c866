import type { OpenerBuilderImpls } from '@wal/walimpls'
import { overMemory } from '../over-memory.js'

/** What readers of a log ask of the backend, and what it does to them. */
export interface Watch {
  /** Scanners that are open now, and those that were opened. */
  open: number
  opened: number
  /** Looks at the last record. */
  looks: number
  /** Looks that begin now are answered once it resolves, with what they found. */
  answered?: Promise<void> | undefined
  /** The next read fails with it, once. */
  failure?: Error | undefined
}

/** The memory backend, watched under its read-only logs. */
export function watchedReaders(): { readonly watch: Watch; readonly builder: OpenerBuilderImpls } {
  const watch: Watch = { open: 0, opened: 0, looks: 0 }
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
        const scanner = log.read(options)
        let isOpen = true
        return {
          ready: () => scanner.ready(),
          next: async () => {
            const page = await scanner.next()
            const { failure } = watch
            watch.failure = undefined
            if (failure !== undefined) throw failure
            return page
          },
          close: () => {
            if (isOpen) watch.open--
            isOpen = false
            return scanner.close()
          },
        }
      },
    }),
  )
  return { watch, builder }
}
