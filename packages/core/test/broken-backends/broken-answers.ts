import { AppendError, batchOf, PositionTruncatedError, type StoredMessage, WalError } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder, type Id, ids, plus, replacing } from './broken-builder.js'

const notWritten = { outcome: 'not-written' } as const

export const brokenAnswers: BrokenBackend[] = [
  {
    name: 'remembers the last record that it was asked for',
    part: 'append',
    builder: brokenBuilder({
      log: (log) => {
        let known: StoredMessage<Id> | undefined
        return {
          async last(waits) {
            known ??= await log.last(waits)
            return known
          },
        }
      },
    }),
  },
  {
    name: 'compares its ids as text',
    part: 'positions',
    builder: brokenBuilder({
      builder: {
        messageIds: {
          ...ids,
          compare: (a, b) => Math.sign(`${a.value}`.localeCompare(`${b.value}`)),
        },
      },
    }),
  },
  {
    name: 'reads back another id than it wrote',
    part: 'positions',
    builder: brokenBuilder({
      builder: { messageIds: { ...ids, parse: (text) => ids.of(ids.parse(text).value + 1) } },
    }),
  },
  {
    name: 'takes all ids that it packs for consecutive ones',
    part: 'positions',
    builder: brokenBuilder({
      builder: { messageIds: { ...ids, pack: ([first]) => ({ at: (i) => plus(first as Id, i) }) } },
    }),
  },
  {
    name: 'stores a record when it is opened for writing',
    part: 'fencing',
    builder: brokenBuilder({
      opener: (opener) => ({
        async open(channel, writer, waits) {
          const wal = await opener.open(channel, writer, waits)
          const again = await opener.open(channel, writer, waits)
          const message = { payload: Buffer.from('hello'), properties: [] }
          await again.append(batchOf(-1, [message])).catch(() => {})
          return wal
        },
      }),
    }),
  },
  {
    name: 'takes fewer batches at once than it declares',
    part: 'append',
    builder: brokenBuilder({
      writer: (wal) => {
        let inFlight = 0
        return {
          async append(batch) {
            if (inFlight > 0) throw new AppendError('WAL_INVALID_ARGUMENT', 'one at a time', notWritten)
            inFlight++
            return wal.append(batch).finally(() => inFlight--)
          },
        }
      },
    }),
  },
  {
    name: 'calls a lost fence a failure that passes',
    part: 'fencing',
    builder: brokenBuilder({
      writer: (wal) => ({
        append: (batch) =>
          wal.append(batch).catch((error) => {
            if (error.code !== 'WAL_FENCED') throw error
            throw new AppendError('WAL_UNAVAILABLE', 'try again', notWritten)
          }),
      }),
    }),
  },
  {
    name: 'gives its fence to no writer that opens again',
    part: 'taken-back',
    builder: brokenBuilder({
      writer: (wal) => {
        let first = true
        return {
          async append(batch) {
            if (first && batch.sequence > 0) throw new AppendError('WAL_FENCED', 'too late', notWritten)
            first = false
            return wal.append(batch)
          },
        }
      },
    }),
  },
  {
    name: 'says that records are gone, and not which is the oldest',
    part: 'truncate',
    builder: brokenBuilder({
      scanner: (scanner) => {
        const nameless = (error: unknown): never => {
          throw error instanceof PositionTruncatedError
            ? new WalError('WAL_POSITION_TRUNCATED', error.message)
            : error
        }
        return {
          ready: () => scanner.ready().catch(nameless),
          next: () => scanner.next().catch(nameless),
        }
      },
    }),
  },
  {
    name: 'takes channels whose names differ late for one',
    part: 'fencing',
    builder: brokenBuilder({
      opener: (opener) => {
        const short = (channel: string) => channel.slice(0, 28)
        return {
          open: (channel, ...rest) => opener.open(short(channel), ...rest),
          openReadOnly: (channel, ...rest) => opener.openReadOnly(short(channel), ...rest),
        }
      },
    }),
  },
  {
    name: 'goes on writing to a channel that was deleted',
    part: 'channels',
    builder: brokenBuilder({
      opener: (opener) => ({
        async open(channel, writer, waits) {
          const wal = await opener.open(channel, writer, waits)
          return replacing(wal, {
            append: (batch) =>
              wal.append(batch).catch(async (error) => {
                if (error.code !== 'WAL_CHANNEL_NOT_FOUND') throw error
                return (await opener.open(channel, writer)).append(batch)
              }),
          })
        },
      }),
    }),
  },
  {
    name: 'closes its opener with each log',
    part: 'close',
    builder: brokenBuilder({
      opener: (opener) => ({
        async open(channel, writer, waits) {
          const wal = await opener.open(channel, writer, waits)
          return replacing(wal, { close: () => opener.close() })
        },
      }),
    }),
  },
  {
    name: 'rejects an aborted call with an error of its own',
    part: 'cancel',
    builder: brokenBuilder({
      opener: (opener) => ({
        openReadOnly: (channel, waits) => {
          if (waits?.signal?.aborted) return Promise.reject(new WalError('WAL_CLOSED', 'aborted'))
          return opener.openReadOnly(channel, waits)
        },
      }),
    }),
  },
  {
    name: 'declares nothing about its durability',
    part: 'channels',
    builder: brokenBuilder({
      log: (log) => ({ guarantees: { ...log.guarantees, durability: '' } }),
    }),
  },
  {
    name: 'does not say why it has chosen its driver',
    part: 'channels',
    builder: brokenBuilder({
      log: (log) => ({ guarantees: { ...log.guarantees, driver: { name: 'own', reason: '' } } }),
    }),
  },
  {
    name: 'declares a limit below the largest record of the adaptor',
    part: 'channels',
    builder: brokenBuilder({ log: (log) => ({ limits: { ...log.limits, maxBatchMessages: 0 } }) }),
  },
]
