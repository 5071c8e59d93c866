import { loseMemoryRecords } from '@wal/core/testing'
import { onTestFinished } from 'vitest'
import { badInput, type ErrorCase } from '../../../../tools/errors-page/error-case.js'
import { adaptBuilder } from '../../src/builder.js'
import { mustGetBuilder } from '../../src/index.js'
import { type ForeignParts, foreignLog, foreignRecord } from '../foreign-log.js'
import { collect, message, open, openReader } from '../harness.js'
import { overMemory } from '../over-memory.js'
import { loseAllBut } from '../stored-log.js'

const RESTORE = 'Find out which program stored it. Messages before the place can be read.'

async function readForeign(...records: readonly ForeignParts[]): Promise<void> {
  await (await foreignLog('log')).append(...records)
  await collect((await openReader()).read({ until: 'end' }))
}

/** A record of another system with one property changed or removed. */
async function readChanged(key: string, value?: string): Promise<void> {
  const { properties, payload } = foreignRecord({ timeTick: 5, text: 'a' })
  const at = properties.indexOf(key)
  const changed = [...properties]
  changed.splice(at, 2, ...(value === undefined ? [] : [key, value]))
  const log = await foreignLog('log')
  await log.appendAsIs({ payload, properties: changed })
  await collect((await openReader()).read({ until: 'end' }))
}

const malformed = (what: string, key: string, value?: string): ErrorCase => ({
  code: 'WAL_CORRUPT',
  what,
  advice: RESTORE,
  make: () => readChanged(key, value),
})

/** Errors about stored records that are damaged, lost or void. */
export const RECORD_STATES: readonly ErrorCase[] = [
  malformed('The property of the time tick is damaged.', '_tt', '!'),
  malformed('The property of the message type is damaged.', '_t', 'x'),
  malformed('The property of the term is damaged.', '_wt', '!'),
  malformed('The property of the last-confirmed id is missing.', '_lcs'),
  {
    code: 'WAL_CORRUPT',
    what: 'The property of the last-confirmed id is there twice.',
    advice: RESTORE,
    make: () => readForeign({ timeTick: 5, text: 'a', more: ['_lc', '1'] }),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'The last-confirmed id is none of the backend’s.',
    advice: RESTORE,
    make: () => readChanged('_lcs').then(undefined, () => readIdless()),
  },
  {
    code: 'WAL_SPEC_UNSUPPORTED',
    what: 'A later version of the library stored the message.',
    advice: 'Upgrade, as the text says.',
    make: () => readChanged('_v', '99'),
  },
  {
    code: 'WAL_SPEC_UNSUPPORTED',
    what: 'Another system stored a transaction.',
    advice: 'None yet: transactions of other systems can’t be read.',
    make: () => readForeign({ timeTick: 5, text: 'a', more: ['_tx', 'x'] }, { timeTick: 6, tick: true }),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'A record of another system came too late for its place.',
    advice: 'Ask for such records with `orderViolations: "deliver"`.',
    make: () =>
      readForeign({ timeTick: 6, tick: true }, { timeTick: 5, text: 'late' }, { timeTick: 7, tick: true }),
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'Records were removed by others than `truncate`.',
    advice: 'Go on with `read({ from: error.oldest })`, or ask for gaps with `gaps: "deliver"`.',
    async make() {
      const wal = await open()
      const [from, to] = await wal.appendBatch([message('a'), message('b'), message('c')])
      loseMemoryRecords({ channel: 'log', from: from?.messageId as string, to: to?.messageId as string })
      await collect((await openReader()).read({ until: 'end' }))
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: '`truncate` was given a position that the log has lost.',
    advice: 'Read where the log goes on, and truncate at a position of that.',
    async make() {
      const wal = await open({ timeTickMs: 60_000 })
      const { position } = await wal.append(message('a'))
      await wal.close()
      loseAllBut(1)
      const next = await open({ timeTickMs: 60_000 })
      for (const each of ['x', 'y', 'z']) await next.append(message(each))
      await next.truncate(position)
    },
  },
  {
    code: 'WAL_POSITION_MISMATCH',
    what: 'The position is of another backend.',
    advice: 'Look which log the position was saved for.',
    async make() {
      const wal = await open()
      const { position } = await wal.append(message('a'))
      await collect(wal.read({ after: position.replace('memory', 'file'), until: 'end' }))
    },
  },
  {
    code: 'WAL_SPEC_UNSUPPORTED',
    what: 'A later version of the library made the position.',
    advice: 'Upgrade `@wal/core` in this process.',
    make: () => open().then((wal) => wal.read({ from: 'wal9:memory:x' })),
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'The channel was deleted under a reader.',
    advice: 'End the reader, or open the log again once there is a new one.',
    async make() {
      await open()
      const reader = (await openReader()).read()
      await reader.ready()
      const memory = await mustGetBuilder('memory').build({})
      onTestFinished(() => memory.close())
      await memory.delete('log')
      await collect(reader)
    },
  },
  {
    code: 'WAL_CLOSED',
    what: 'The scanner was closed before it was ready.',
    advice: 'Nothing, if you closed it. (`caughtUp()` says so too.)',
    async make() {
      const scanner = (await open()).read()
      const caughtUp = scanner.caughtUp()
      await scanner.close()
      await caughtUp
    },
  },
]

async function readIdless(): Promise<void> {
  const { properties, payload } = foreignRecord({ timeTick: 5, text: 'a' })
  const log = await foreignLog('other')
  await log.appendAsIs({ payload, properties: [...properties.slice(0, -2), '_lc', 'no id'] })
  await collect((await openReader({ channel: 'other' })).read({ until: 'end' }))
}

const bare = async () => {
  const opener = await adaptBuilder(overMemory(() => ({}))).build({})
  onTestFinished(() => opener.close())
  return opener
}

export const BAD_PLACES = badInput([
  ['`list` of a backend that can’t', () => bare().then((opener) => opener.list())],
  ['`delete` of a backend that can’t', () => bare().then((opener) => opener.delete('log'))],
  ['a part of a position', () => open().then((wal) => wal.read({ from: 'wal1:memory:abc' }))],
  ['a vchannel to read', () => open().then((wal) => wal.read({ vchannel: 5 as never }))],
  ['a type to read', () => open().then((wal) => wal.read({ types: [-1] }))],
  [
    'a key that is no Unicode',
    () => open().then((wal) => wal.append(message('a', { properties: new Map([['\ud800', 'b']]) }))),
  ],
  [
    'a value that is no Unicode',
    () => open().then((wal) => wal.append(message('a', { properties: new Map([['a', '\ud800']]) }))),
  ],
])
