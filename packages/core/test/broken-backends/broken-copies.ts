import type { BackendUnderTest } from '@wal/conformance'
import { copyMemoryLog, saveMemoryLog } from '@wal/core/testing'
import type { StoredMessage } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder, type Id, ids, plus } from './broken-builder.js'

const saveState: BackendUnderTest['saveState'] = (channel) => saveMemoryLog(channel, 'broken')

/** The records that readers were given, by channel and by number of the record. */
const seen = new Map<string, StoredMessage<Id>>()

let copies = 0
const copy: BackendUnderTest['copy'] = (channel) => {
  const name = `broken-copy-${copies++}`
  copyMemoryLog(channel, 'broken', name)
  return { name }
}

export const brokenCopies: BrokenBackend[] = [
  {
    name: 'gives out from memory the record that a scanner begins at',
    part: 'lost-end',
    saveState,
    builder: brokenBuilder({
      log: (log) => ({
        read(options) {
          const { start } = options
          const cached =
            typeof start === 'object' ? seen.get(`${log.channel} ${start.from.value}`) : undefined
          const scanner = log.read(
            cached === undefined ? options : { ...options, start: { from: plus(cached.id, 1) } },
          )
          let first = cached
          return {
            ready: () => scanner.ready(),
            async next() {
              const batch = first === undefined ? await scanner.next() : [first]
              first = undefined
              for (const record of batch ?? []) seen.set(`${log.channel} ${record.id.value}`, record)
              return batch
            },
            close: () => scanner.close(),
          }
        },
      }),
    }),
  },
  {
    name: 'reads on when another record has the place of its last one',
    part: 'lost-end',
    saveState,
    builder: brokenBuilder({
      log: (log) => ({
        read(options) {
          let scanner = log.read(options)
          let next = 0
          return {
            ready: () => scanner.ready(),
            async next() {
              try {
                const batch = await scanner.next()
                next = (batch?.at(-1)?.id.value ?? next - 1) + 1
                return batch
              } catch (error) {
                if ((error as { code?: string }).code !== 'WAL_LOG_ROLLED_BACK') throw error
                await scanner.close()
                scanner = log.read({ ...options, start: { from: ids.of(next) } })
                return scanner.next()
              }
            },
            close: () => scanner.close(),
          }
        },
      }),
    }),
  },
  {
    name: 'has one log for each channel, whatever its options say',
    part: 'restored-copy',
    copy,
    builder: (() => {
      const inner = brokenBuilder({})
      return { ...inner, build: (given, ...rest) => inner.build({ ...given, name: 'broken' }, ...rest) }
    })(),
  },
  {
    name: 'gives all its logs one place',
    part: 'restored-copy',
    copy,
    builder: brokenBuilder({ log: () => ({ place: 'here' }) }),
  },
]
