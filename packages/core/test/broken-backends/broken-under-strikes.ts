import { BreakableConnections, memoryBuilder } from '@wal/core/testing'
import { AppendError, systemRuntime, WalError, type Writer } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder, replacing, storedLogs, wasTurnedAway } from './broken-builder.js'

const notWritten = { outcome: 'not-written' } as const
const anybody: Writer = { term: 0, incarnation: 'anybody' }

/** The current writer of each channel, for a backend whose store does not check it. */
const writers = new Map<string, Writer>()
let sequence = 0

const denying = new BreakableConnections()
const goingOn = new BreakableConnections()
const forgetful = new BreakableConnections()

export const brokenUnderStrikes: BrokenBackend[] = [
  {
    name: 'looks its fence up before it stores, not with it',
    part: 'takeover',
    builder: brokenBuilder({
      opener: (opener) => ({
        async open(channel, writer, waits) {
          const wal = await opener.open(channel, anybody, waits)
          let entered = false
          return replacing(wal, {
            writer,
            async append(batch) {
              if (!entered) writers.set(channel, writer)
              else if (writers.get(channel) !== writer)
                throw new AppendError('WAL_FENCED', 'another writer is there', notWritten)
              entered = true
              await systemRuntime.yield()
              const first = (await wal.last()) === undefined
              return wal.append({ ...batch, sequence: first ? 0 : ++sequence })
            },
          })
        },
      }),
    }),
  },
  {
    name: 'says that a batch whose connection broke is not written',
    part: 'disturbed',
    disturb: () => denying.disturb(),
    builder: brokenBuilder(
      {
        writer: (wal) => ({
          append: (batch) =>
            wal.append(batch).catch((error) => {
              if (WalError.isInstance(error)) throw error
              throw new AppendError('WAL_UNAVAILABLE', 'the connection was reset', notWritten)
            }),
        }),
      },
      denying.over(memoryBuilder()),
    ),
  },
  {
    name: 'goes on behind a batch whose connection broke',
    part: 'disturbed',
    disturb: () => goingOn.disturb(),
    builder: brokenBuilder(
      {
        writer: (wal) => ({
          append: (batch) =>
            wal.append(batch).catch((error) => {
              if (!wasTurnedAway(error)) throw error
              return wal.append(batch)
            }),
        }),
      },
      goingOn.over(memoryBuilder()),
    ),
  },
  {
    name: 'loses the last record when its server is killed',
    part: 'crashed',
    options: { name: 'forgetful' },
    crash: async () => {
      await forgetful.crash()
      for (const log of storedLogs('forgetful')) log.records.pop()
    },
    builder: brokenBuilder({}, forgetful.over(memoryBuilder())),
  },
]
