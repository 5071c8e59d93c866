import { PositionTruncatedError, type StoredMessage } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { type Breaks, brokenBuilder, type Id, ids, plus, replacing, storedLog } from './broken-builder.js'

/** A backend whose scanners give changed records. */
const reading = (change: (message: StoredMessage<Id>) => StoredMessage<Id>): Breaks => ({
  scanner: (scanner) => ({ next: async () => (await scanner.next())?.map(change) }),
})

const pairs = (change: (key: string, value: string) => readonly string[]): Breaks =>
  reading((message) => ({
    ...message,
    properties: message.properties.flatMap((key, i, all) =>
      i % 2 === 0 ? change(key, all[i + 1] as string) : [],
    ),
  }))

const cached = new Map<string, Uint8Array>()
const references = new Map<string, Uint8Array>()

export const brokenReads: BrokenBackend[] = [
  {
    name: 'loses the last property',
    part: 'round-trip',
    builder: brokenBuilder(
      reading((message) => ({ ...message, properties: message.properties.slice(0, -2) })),
    ),
  },
  {
    name: 'loses properties of empty value',
    part: 'round-trip',
    builder: brokenBuilder(pairs((key, value) => (value === '' ? [] : [key, value]))),
  },
  {
    name: 'trims values',
    part: 'round-trip',
    builder: brokenBuilder(pairs((key, value) => [key, value.trim()])),
  },
  {
    name: 'normalises Unicode',
    part: 'round-trip',
    builder: brokenBuilder(pairs((key, value) => [key.normalize(), value.normalize()])),
  },
  {
    name: 'takes payloads for text',
    part: 'round-trip',
    builder: brokenBuilder(
      reading((message) => ({ ...message, payload: Buffer.from(Buffer.from(message.payload).toString()) })),
    ),
  },
  {
    name: 'gives the same payload object to all readers',
    part: 'round-trip',
    builder: brokenBuilder({
      log: (log) => ({
        read: (options) => {
          const scanner = log.read(options)
          return {
            ready: () => scanner.ready(),
            close: () => scanner.close(),
            next: async () =>
              (await scanner.next())?.map((message) => {
                const key = `${log.channel} ${message.id.value}`
                const payload = cached.get(key) ?? message.payload
                cached.set(key, payload)
                return { ...message, payload }
              }),
          }
        },
      }),
    }),
  },
  {
    name: 'keeps the payload objects that it was given',
    part: 'round-trip',
    builder: brokenBuilder({
      writer: (wal) => ({
        async append(batch) {
          const answered = await wal.append(batch)
          for (const [i, { payload }] of batch.messages.entries())
            references.set(`${wal.channel} ${answered[i]?.value}`, payload)
          return answered
        },
        read: (options) => {
          const scanner = wal.read(options)
          return {
            ready: () => scanner.ready(),
            close: () => scanner.close(),
            next: async () =>
              (await scanner.next())?.map((message) => ({
                ...message,
                payload: references.get(`${wal.channel} ${message.id.value}`) ?? message.payload,
              })),
          }
        },
      }),
    }),
  },
  {
    name: 'takes from for exclusive',
    part: 'read',
    builder: brokenBuilder({
      log: (log) => ({
        read: (options) => {
          const { start } = options
          return log.read(
            typeof start === 'object' ? { ...options, start: { from: plus(start.from, 1) } } : options,
          )
        },
      }),
    }),
  },
  {
    name: 'replays what was there before latest',
    part: 'read',
    builder: brokenBuilder({
      log: (log) => ({
        read: (options) => log.read(options.start === 'latest' ? { ...options, start: 'oldest' } : options),
      }),
    }),
  },
  {
    name: 'takes no notice of the size of batches',
    part: 'read',
    builder: brokenBuilder({
      log: (log) => ({ read: (options) => log.read({ ...options, maxBytes: 1e9 }) }),
    }),
  },
  {
    name: 'writes ids so that they can’t be read again',
    part: 'positions',
    builder: brokenBuilder({ builder: { messageIds: { ...ids, serialise: (id) => `id ${id.value}` } } }),
  },
  {
    name: 'has ids without an order',
    part: 'positions',
    builder: brokenBuilder({ builder: { messageIds: { ...ids, compare: () => 0 } } }),
  },
  {
    name: 'takes any text for an id',
    part: 'bad-input',
    builder: brokenBuilder({
      builder: { messageIds: { ...ids, parse: (text) => ids.of(Number.parseInt(text, 36) || 0) } },
    }),
  },
  {
    name: 'ends its scanners at the tail',
    part: 'tail',
    builder: brokenBuilder({
      scanner: (scanner) => {
        let endFound = false
        return {
          async next() {
            if (endFound) return undefined
            const batch = await scanner.next()
            endFound = batch?.length === 0
            return batch
          },
        }
      },
    }),
  },
  {
    name: 'says the end twice',
    part: 'tail',
    builder: brokenBuilder({
      scanner: (scanner) => {
        let again = false
        return {
          async next() {
            if (again) {
              again = false
              return []
            }
            const batch = await scanner.next()
            again = batch?.length === 0
            return batch
          },
        }
      },
    }),
  },
  {
    name: 'says the end again and again and never waits',
    part: 'tail',
    builder: brokenBuilder({
      scanner: (scanner) => {
        let sawEnd = false
        return {
          async next() {
            if (sawEnd) return []
            const batch = await scanner.next()
            sawEnd = batch?.length === 0
            return batch
          },
        }
      },
    }),
  },
  {
    name: 'never says the end',
    part: 'tail',
    builder: brokenBuilder({
      scanner: (scanner) => ({
        async next() {
          for (;;) {
            const batch = await scanner.next()
            if (batch?.length !== 0) return batch
          }
        },
      }),
    }),
  },
  {
    name: 'brings truncated records back when it is opened again',
    part: 'truncate',
    builder: brokenBuilder({
      writer: (wal) => {
        let floor = 0
        return {
          async truncate(before) {
            floor = Math.max(floor, before.value)
          },
          read(options) {
            const { start } = options
            if (start === 'oldest' && floor > 0)
              return wal.read({ ...options, start: { from: ids.of(floor) } })
            const scanner = wal.read(options)
            if (typeof start === 'string' || start.from.value >= floor) return scanner
            const gone = () =>
              Promise.reject(
                new PositionTruncatedError('truncated', { oldest: ids.serialise(ids.of(floor)) }),
              )
            return { ready: gone, next: gone, close: () => scanner.close() }
          },
        }
      },
    }),
  },
  {
    name: 'frees what is above the truncation point',
    part: 'truncate',
    builder: brokenBuilder({
      writer: (wal) => ({ truncate: (before, waits) => wal.truncate(plus(before, 1), waits) }),
    }),
  },
  {
    name: 'frees the last record',
    part: 'truncate',
    builder: brokenBuilder({
      log: (log) => {
        const freed = async () => (await log.last())?.id.value
        let gone: number | undefined
        return {
          truncate: async () => {
            gone = await freed()
          },
          last: async () => {
            const last = await log.last()
            return last?.id.value === gone ? undefined : last
          },
        } as object
      },
    }),
  },
  {
    name: 'keeps the beginning of a log that it opened for reading',
    part: 'truncate',
    builder: brokenBuilder({
      opener: (opener) => ({
        async openReadOnly(channel, waits) {
          const log = await opener.openReadOnly(channel, waits)
          const known = storedLog(channel)?.oldest ?? 1
          return replacing(log, {
            read(options) {
              const { start } = options
              const oldest = storedLog(channel)?.oldest ?? 1
              const passedOver =
                typeof start === 'object' && start.from.value >= known && start.from.value < oldest
              return log.read(passedOver ? { ...options, start: 'oldest' } : options)
            },
          })
        },
      }),
    }),
  },
  {
    name: 'reads on in silence where records are gone',
    part: 'truncate',
    builder: brokenBuilder({
      log: (log) => ({
        read: (options) => {
          const inner = log.read(options)
          let instead = inner
          const skip = async <T>(call: () => Promise<T>): Promise<T> => {
            try {
              return await call()
            } catch {
              await instead.close()
              instead = log.read({ ...options, start: 'oldest' })
              return call()
            }
          }
          return {
            ready: () => skip(() => instead.ready()),
            next: () => skip(() => instead.next()),
            close: () => instead.close(),
          }
        },
      }),
    }),
  },
]
