import { type Batch, batchOf, systemRuntime, WalError } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder, type Id, ids, storedLog, wasTurnedAway } from './broken-builder.js'

/** The number of this call of append, from 0. */
function counting<A extends unknown[], R>(call: (count: number, ...given: A) => R): (...given: A) => R {
  let count = 0
  return (...given) => call(count++, ...given)
}

export const brokenAppends: BrokenBackend[] = [
  {
    name: 'acks before it stores',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => {
        let stored: Promise<unknown> = Promise.resolve()
        let next: number | undefined
        return {
          async append(batch) {
            next ??= ((await wal.last())?.id.value ?? 0) + 1
            const first = next
            next += batch.messages.length
            const later = () => new Promise((resolve) => setTimeout(resolve, 20))
            stored = stored.then(later).then(() => wal.append(batch).catch(() => {}))
            return batch.messages.map((_, i) => ids.of(first + i))
          },
          close: () => stored.then(() => wal.close()),
        }
      },
    }),
  },
  {
    name: 'stores without letting the event loop turn',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal, writer) => ({
        async append(batch) {
          const first = storedLog(wal.channel)?.store(batch, writer, true) ?? 0
          return batch.messages.map((_, i) => ids.of(first + i))
        },
      }),
    }),
  },
  {
    name: 'stores every batch twice',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => ({
        async append(batch) {
          const stored = await wal.append(batch)
          await wal.append({ ...batch, sequence: batch.sequence + 0.5 })
          return stored
        },
      }),
    }),
  },
  {
    name: 'stores the messages of a batch in another order',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: (batch) => wal.append(batchOf(batch.sequence, [...batch.messages].reverse())),
      }),
    }),
  },
  {
    name: 'answers ids that do not rise',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => ({ append: async (batch) => [...(await wal.append(batch))].reverse() }),
    }),
  },
  {
    name: 'gives ids out again after it was opened again',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => {
        let next = 1
        return { append: async (batch) => (await wal.append(batch)).map(() => ids.of(next++)) }
      },
    }),
  },
  {
    name: 'answers one id too few',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => ({ append: async (batch) => (await wal.append(batch)).slice(1) }),
    }),
  },
  {
    name: 'has a last record that is not the last',
    part: 'append',
    builder: brokenBuilder({
      log: (log) => ({
        async last(waits) {
          const last = await log.last(waits)
          if (last === undefined || last.id.value < 3) return last
          const scanner = log.read({ start: { from: ids.of(last.id.value - 1) }, maxBytes: 1 })
          const [before] = (await scanner.next()) ?? []
          await scanner.close()
          return before
        },
      }),
    }),
  },
  {
    name: 'loses its end when it closes',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => ({
        async close() {
          await wal.close()
          storedLog(wal.channel)?.records.pop()
        },
      }),
    }),
  },
  {
    name: 'loses a message now and then',
    part: 'terms',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: counting(async (count, batch: Batch) => {
          const answered = await wal.append(batch)
          if (count % 10 === 9) storedLog(wal.channel)?.records.pop()
          return answered
        }),
      }),
    }),
  },
  {
    name: 'acks what was behind a failed batch, and drops it',
    part: 'prefix',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: (batch) =>
          wal.append(batch).catch((error) => {
            if (wasTurnedAway(error)) return batch.messages.map((_, i): Id => ids.of(1000 + i))
            throw error
          }),
      }),
    }),
  },
  {
    name: 'stores a batch behind one that failed',
    part: 'prefix',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: (batch) =>
          wal.append(batch).catch((error) => {
            if (wasTurnedAway(error)) return wal.append(batch)
            throw error
          }),
      }),
    }),
  },
  {
    name: 'refuses without an outcome',
    part: 'outcomes',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: (batch) =>
          wal.append(batch).catch((error) => {
            throw new WalError(error.code, error.message)
          }),
      }),
    }),
  },
  {
    name: 'takes batches of the same bytes for one',
    part: 'once',
    builder: brokenBuilder({
      writer: (wal) => {
        const known = new Map<string, readonly Id[]>()
        return {
          async append(batch) {
            const key = batch.messages.map(({ payload }) => Buffer.from(payload).toString('hex')).join()
            const answered = known.get(key) ?? (await wal.append(batch))
            known.set(key, answered)
            return answered
          },
        }
      },
    }),
  },
  {
    name: 'drops every tenth batch that it acks',
    part: 'faults',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: counting(async (count, batch: Batch) => {
          if (count % 10 !== 9) return wal.append(batch)
          await systemRuntime.yield()
          const last = (await wal.last())?.id.value ?? 0
          return batch.messages.map((_, i) => ids.of(last + 1 + i))
        }),
      }),
    }),
  },
  {
    name: 'refuses records below its declared limit',
    part: 'size',
    builder: brokenBuilder({
      writer: (wal) => ({
        async append(batch) {
          const { maxRecordBytes } = wal.limits
          if (batch.messages.some(({ payload }) => payload.length > maxRecordBytes / 1.1))
            throw new WalError('WAL_MESSAGE_TOO_LARGE', 'too large')
          return wal.append(batch)
        },
      }),
    }),
  },
  {
    name: 'refuses batches below its declared limit',
    part: 'size',
    builder: brokenBuilder({
      writer: (wal) => ({
        async append(batch) {
          if (batch.messages.length > 100) throw new WalError('WAL_MESSAGE_TOO_LARGE', 'too many')
          return wal.append(batch)
        },
      }),
    }),
  },
]
