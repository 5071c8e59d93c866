import { checkHistory, readHistory } from '@wal/conformance'
import { Faults, faultyBuilder, memoryBuilder, simulatedRuntime } from '@wal/core/testing'
import {
  batchOf,
  type MessageId,
  type OpenerBuilderImpls,
  type OpenerImpls,
  registerBackend,
  registerMessageType,
  SPEC_VERSION,
  systemRuntime,
  type WALImpls,
} from '@wal/walimpls'
import {
  AppendTurns,
  decodeProperties,
  encodeProperties,
  Lifetime,
  numberIdCodec,
  parseHosts,
} from '@wal/walimpls/helper'
import { onTestFinished } from 'vitest'
import { badInput, type ErrorCase } from '../../../../tools/errors-page/error-case.js'
import { testErrorsPage } from '../../../../tools/errors-page/errors-page.js'
import { mustGetBuilder } from '../../src/index.js'
import { cleanLogs, message, open } from '../harness.js'
import { overMemory } from '../over-memory.js'

cleanLogs()

const MEMORY = { name: 'default', maxRecordBytes: 2048, maxInFlightBatches: 1, maxIdleMs: 0 }

async function memory(): Promise<OpenerImpls> {
  const opener = await memoryBuilder().build(MEMORY, systemRuntime)
  onTestFinished(() => opener.close())
  return opener as unknown as OpenerImpls
}

const writer = async (term = 1): Promise<WALImpls> =>
  (await memory()).open('log', { term, incarnation: `writer${term}` })

const batch = (sequence: number, payload = 'a') =>
  batchOf(sequence, [{ payload: Buffer.from(payload), properties: [] }])

/** Appends on a memory backend that gives changed answers to all batches but those with an opening record. */
async function answering(change: (ids: readonly MessageId[]) => readonly MessageId[]): Promise<void> {
  const builder = overMemory((log) => ({
    append: async (one) => {
      const ids = await log.append(one)
      return one.sequence === 0 ? ids : change(ids)
    },
  }))
  const wal = await open({ builder })
  await wal.append(message('a'))
}

const STATES: readonly ErrorCase[] = [
  {
    code: 'WAL_SPEC_UNSUPPORTED',
    what: 'The backend is written for another version of the contract.',
    advice: 'Install versions of backend and `@wal/core` that belong together.',
    make() {
      const builder = { ...memoryBuilder(), name: 'later' } as never
      registerBackend({
        builder,
        specVersion: SPEC_VERSION + 1,
        packageName: 'wal-later',
        packageVersion: '9.0.0',
      })
      mustGetBuilder('later')
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'The backend gave no id for a message, or one that is none of its own.',
    advice: 'Answer an append with one id for each message of the batch.',
    make: () => answering(() => []),
  },
  {
    code: 'WAL_FENCED',
    what: 'A batch of a writer that has lost its fence.',
    advice: 'Nothing: the adaptor looks whether there is a newer writer.',
    async make() {
      const older = await writer(1)
      await older.append(batch(0))
      await (await writer(2)).append(batch(0))
      await older.append(batch(1))
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'A batch behind one that failed (`AppendTurns`).',
    advice: 'Nothing: the adaptor sends both again.',
    async make() {
      const turns = new AppendTurns()
      const first = turns.run(() => Promise.reject(new Error('no')))
      const second = turns.run(async () => {})
      await first.catch(() => {})
      await second
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'A record is larger than the memory backend’s `maxRecordBytes`.',
    advice: 'Make it smaller, or raise the option.',
    async make() {
      const wal = await writer()
      await wal.append(batch(0, 'x'.repeat(3000)))
    },
  },
  {
    code: 'WAL_CLOSED',
    what: 'A call on what its `Lifetime` has closed.',
    advice: 'Nothing: users see it for calls after a close.',
    async make() {
      const lifetime = new Lifetime({ what: 'The log of channel "orders"' })
      await lifetime.close()
      lifetime.assertOpen()
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Packed properties that were cut (`decodeProperties`).',
    advice: 'Check records with a sum of your own before you decode them, and name the place.',
    make: () => decodeProperties(encodeProperties(['a', 'b']).subarray(0, 3)),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Packed properties with more behind them.',
    advice: 'Check records with a sum of your own before you decode them, and name the place.',
    make: () => decodeProperties(Buffer.concat([encodeProperties(['a', 'b']), Buffer.from('c')])),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'The backend gave an id that is not above the one before.',
    advice: 'Ids of a log have to rise, over batches too.',
    async make() {
      let first: readonly MessageId[] | undefined
      const builder = overMemory((log) => ({
        append: async (one) => {
          const ids = await log.append(one)
          first ??= ids
          return one.sequence === 0 ? ids : first
        },
      }))
      const wal = await open({ builder })
      await wal.append(message('a'))
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Packed properties whose count is damaged.',
    advice: 'Check records with a sum of your own before you decode them, and name the place.',
    make: () => decodeProperties(Uint8Array.of(100)),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Packed properties of which a text is damaged.',
    advice: 'Check records with a sum of your own before you decode them, and name the place.',
    make: () => decodeProperties(Uint8Array.of(2, 100, 0)),
  },
  ...(['fence', 'full'] as const).map(
    (fault): ErrorCase => ({
      code: fault === 'full' ? 'WAL_STORAGE_FULL' : 'WAL_FENCED',
      what: `An injected fault (\`${fault}\`).`,
      advice: 'Nothing: you asked for it.',
      async make() {
        const faults = new Faults({ script: { append: () => fault } })
        const builder = faultyBuilder(memoryBuilder() as unknown as OpenerBuilderImpls, faults)
        const opener = await builder.build(MEMORY, systemRuntime)
        await (await opener.open('log', { term: 1, incarnation: 'one' })).append(batch(0))
      },
    }),
  ),
  ...(['truncate', 'cut'] as const).map(
    (fault): ErrorCase => ({
      code: fault === 'truncate' ? 'WAL_POSITION_TRUNCATED' : 'WAL_UNAVAILABLE',
      what: `An injected fault of a scanner (\`${fault}\`).`,
      advice: 'Nothing: you asked for it.',
      async make() {
        await (await writer()).append(batch(0))
        const faults = new Faults({ script: { next: () => fault } })
        const builder = faultyBuilder(memoryBuilder() as unknown as OpenerBuilderImpls, faults)
        const opener = await builder.build(MEMORY, systemRuntime)
        const scanner = (await opener.openReadOnly('log')).read({ start: 'oldest', maxBytes: 100 })
        await scanner.next()
        await scanner.next()
      },
    }),
  ),
  {
    code: 'WAL_UNAVAILABLE',
    what: 'An injected fault (`fail`).',
    advice: 'Nothing: you asked for it.',
    async make() {
      const faults = new Faults({ script: { last: () => 'fail' } })
      const builder = faultyBuilder(memoryBuilder() as unknown as OpenerBuilderImpls, faults)
      await (await writer()).append(batch(0))
      const opener = await builder.build(MEMORY, systemRuntime)
      await (await opener.openReadOnly('log')).last()
    },
  },
]

const history =
  (...events: readonly object[]) =>
  () =>
    readHistory(events.map((event, i) => JSON.stringify({ sequence: i, ...event })).join('\n'), 'run.jsonl')
const started = { kind: 'scanner-started', scanner: 'r', start: 'all' }

const INPUTS = badInput([
  ['a host', () => parseHosts(['one:x'], 9000)],
  [
    'a backend’s name',
    () => registerBackend({ builder: { ...memoryBuilder(), name: 'My Backend' } } as never),
  ],
  ['the number of a message type', () => registerMessageType({ number: 5, name: 'Mine' })],
  ['the name of a message type', () => registerMessageType({ number: 5000, name: 'my type' })],
  ['a system type', () => registerMessageType({ number: 5000, name: 'Mine', system: true })],
  [
    'a type that is taken',
    () => {
      registerMessageType({ number: 5001, name: 'Mine' })
      registerMessageType({ number: 5001, name: 'Yours' })
    },
  ],
  ['an id of a backend', () => numberIdCodec('sqlite').parse('no id')],
  [
    'ids of two backends',
    () => numberIdCodec('sqlite').compare(numberIdCodec('sqlite').of(1), numberIdCodec('file').of(1)),
  ],
  [
    'two calls of a scanner at once',
    async () => {
      const wal = await writer()
      await wal.append(batch(0))
      const scanner = wal.read({ start: 'latest', maxBytes: 100 })
      await scanner.next()
      scanner.next().catch(() => {})
      await scanner.next()
    },
  ],
  [
    'more batches in flight than the memory backend takes',
    async () => {
      const wal = await writer()
      const appends = [wal.append(batch(0)), wal.append(batch(1)), wal.append(batch(2))]
      for (const each of appends) each.catch(() => {})
      await Promise.all(appends)
    },
  ],
  ['a fault of a call', () => new Faults({ script: { append: { 1: 'truncate' as never } } })],
  ['a kind of fault', () => new Faults({ probabilities: { explode: 0.5 } as never })],
  ['the probability of a fault', () => new Faults({ probabilities: { fail: 2 } })],
  ['probabilities together', () => new Faults({ probabilities: { fail: 0.6, delay: 0.6 } })],
  ['a call that has no faults', () => new Faults({ script: { close: {} } as never })],
  ['files of a simulated runtime', () => simulatedRuntime({ seed: 1 }).files.list('.')],
  ['a line of a history', () => readHistory('{}\n{', 'run.jsonl')],
  ['an event of a history', history({ kind: 'appended' })],
  ['the number of an event', history({ ...started, sequence: 'one' })],
  ['the order of events', history({ ...started, sequence: 5 }, { ...started, sequence: 5 })],
  ['the log of an event', history({ ...started, log: 5 })],
  ['a field of an event', history({ ...started, start: 5 })],
  [
    'an id without its codec',
    () =>
      checkHistory(
        history(
          started,
          { kind: 'delivered', scanner: 'r', id: 'a-b', timeTick: '5', payloadHash: 'h', term: 1 },
          { kind: 'delivered', scanner: 'r', id: 'a-c', timeTick: '6', payloadHash: 'h', term: 1 },
        )().events,
      ),
  ],
  [
    'a scanner that was not started',
    () => checkHistory(history({ kind: 'scanner-reached', scanner: 'r', timeTick: '5' })().events),
  ],
])

testErrorsPage({
  file: 'errors-for-authors.md',
  cases: [...INPUTS, ...STATES],
  render: (states, inputs) => `# Errors for authors of backends and tests

What the contract, the helper, the in-memory backend, faults and the history checker say. The kit itself fails tests with
assertions: [errors of the kit](errors-of-the-kit.md). Made by a test, as [the errors of users](errors.md) are.

${states}

## Bad input

\`WAL_INVALID_ARGUMENT\`.

${inputs}
`,
})
