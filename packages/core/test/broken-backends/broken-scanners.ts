import { EventEmitter, once } from 'node:events'
import type { ScannerImpls, StoredMessage } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder, type Id, replacing } from './broken-builder.js'

/** Calls the listeners of a channel when a record is stored. A listener that is added later misses the call. */
const stores = new EventEmitter()

/** Changes the batches that a scanner gives, except the empty array, which says that the scanner is at the log's end. */
const batches = (scanner: ScannerImpls<Id>, change: (batch: StoredMessage<Id>[]) => StoredMessage<Id>[]) => ({
  async next() {
    const batch = await scanner.next()
    return batch === undefined || batch.length === 0 ? batch : change([...batch])
  },
})

export const brokenScanners: BrokenBackend[] = [
  {
    name: 'reads in another order than that of its ids',
    part: 'read',
    builder: brokenBuilder({ scanner: (scanner) => batches(scanner, (batch) => batch.reverse()) }),
  },
  {
    name: 'skips a record where a page ends',
    part: 'read',
    builder: brokenBuilder({
      scanner: (scanner) => {
        let pages = 0
        return batches(scanner, (batch) => (pages++ > 0 && batch.length > 1 ? batch.slice(1) : batch))
      },
    }),
  },
  {
    name: 'reads the last record of a page again',
    part: 'read',
    builder: brokenBuilder({
      scanner: (scanner) => {
        let last: StoredMessage<Id>[] = []
        return batches(scanner, (batch) => {
          const all = [...last, ...batch]
          last = batch.slice(-1)
          return all
        })
      },
    }),
  },
  {
    name: 'is ready before its reader of the latest has its place',
    part: 'read',
    builder: brokenBuilder({
      log: (log) => ({
        read(options) {
          if (options.start !== 'latest') return log.read(options)
          let scanner: ScannerImpls<Id> | undefined
          const begun = () => {
            scanner ??= log.read(options)
            return scanner
          }
          return {
            ready: async () => {},
            next: () => begun().next(),
            close: () => begun().close(),
          }
        },
      }),
    }),
  },
  {
    name: 'hears only what is stored while a reader waits',
    part: 'tail',
    builder: brokenBuilder({
      log: (log) => ({
        read(options) {
          const scanner = log.read(options)
          let sawEnd = false
          return replacing(scanner, {
            async next() {
              const heard = sawEnd ? once(stores, log.channel) : undefined
              const batch = await scanner.next()
              sawEnd = batch?.length === 0
              // This backend shows a record only when the next one is stored.
              if (batch !== undefined) await heard
              return batch
            },
          })
        },
      }),
      writer: (wal) => ({
        async append(batch) {
          const stored = await wal.append(batch)
          stores.emit(wal.channel)
          return stored
        },
      }),
    }),
  },
  {
    name: 'tails nothing that another opener appends',
    part: 'tail',
    builder: brokenBuilder({
      opener: (opener) => ({
        async openReadOnly(channel, waits) {
          const log = await opener.openReadOnly(channel, waits)
          const last = (await log.last())?.id.value ?? 0
          return replacing(log, {
            read: (options) => {
              const scanner = log.read(options)
              return replacing(scanner, {
                async next() {
                  for (;;) {
                    const before = await scanner.next()
                    if (before === undefined || before.length === 0) return before
                    const kept = before.filter(({ id }) => id.value <= last)
                    if (kept.length > 0) return kept
                  }
                },
              })
            },
          })
        },
      }),
    }),
  },
  {
    name: 'reads on after its log was closed',
    part: 'close',
    builder: brokenBuilder({
      opener: (opener) => ({
        async open(channel, writer, waits) {
          const wal = await opener.open(channel, writer, waits)
          const other = await opener.openReadOnly(channel, waits)
          return replacing(wal, { read: (options) => other.read(options) })
        },
      }),
    }),
  },
]
