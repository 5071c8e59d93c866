import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { test } from 'vitest'
import type { Message, NewMessage, WAL } from '../src/index.js'
import { cleanLogs, collect, message, open, textOf } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

/** A Map that runs a function of its own whenever its next pair is asked for. */
class WatchedMap extends Map<string, string> {
  onNext: () => void = () => {}

  override *[Symbol.iterator](): MapIterator<[string, string]> {
    for (const pair of this.entries()) {
      this.onNext()
      yield pair
    }
    this.onNext()
  }
}

/** What the log delivers up to its end. */
async function delivered(wal: WAL): Promise<Message[]> {
  const { position } = await wal.append(message('end'))
  return (await collect(wal.read({ until: position }))).slice(0, -1) as Message[]
}

const shown = ({ payload, properties, vchannel }: NewMessage) => ({
  payload: Buffer.from(payload).toString('latin1'),
  properties: [...(properties ?? [])],
  vchannel: vchannel ?? '',
})

const pairs = (text: string): [string, string][] => [1, 2, 3].map((i) => [`${text}${i}`, text.repeat(i)])

test('a message that is appended while the properties of another are looked at does not disturb that one', async () => {
  const wal = await open()
  const inner = message('inner', { vchannel: 'v', properties: new Map(pairs('inner')) })
  const outer = message('outer', { properties: new Map(pairs('outer')) })
  // Before the first pair, between pairs, and behind the last one.
  for (const step of [0, 1, 2, 3]) {
    const properties = new WatchedMap(pairs('outer'))
    const appends: Promise<unknown>[] = []
    let steps = 0
    properties.onNext = () => {
      if (steps++ === step) appends.push(wal.append(inner))
    }
    appends.push(wal.append({ payload: Buffer.from('outer'), properties }))
    await Promise.all(appends)
  }
  assert.deepEqual(
    (await delivered(wal)).map(shown),
    [1, 2, 3, 4].flatMap(() => [inner, outer].map(shown)),
  )
})

test('a message that is refused while the properties of another are looked at leaves nothing in that one', async () => {
  const wal = await open()
  const properties = new WatchedMap(pairs('outer'))
  const refused: Promise<unknown>[] = []
  properties.onNext = () => {
    const bad = new Map([...pairs('inner'), ['_reserved', '']] as [string, string][])
    refused.push(wal.append(message('a longer payload', { vchannel: 'v', properties: bad })))
    refused.at(-1)?.catch(() => {})
  }
  await wal.append({ payload: Buffer.from('outer'), properties })
  for (const each of refused) await assert.rejects(each, { code: 'WAL_INVALID_ARGUMENT' })
  assert.deepEqual((await delivered(wal)).map(shown), [
    shown(message('outer', { properties: new Map(pairs('outer')) })),
  ])
})

test('what only says of itself that it is a Uint8Array is refused, and messages behind it are stored', async () => {
  const wal = await open()
  for (const length of [undefined, 3, Number.NaN]) {
    const payload = { [Symbol.toStringTag]: 'Uint8Array', length } as unknown as Uint8Array
    await assert.rejects(wal.append({ payload }), { code: 'WAL_INVALID_ARGUMENT' })
    await assert.rejects(wal.append({ payload: Object.create(Uint8Array.prototype) as Uint8Array }), {
      code: 'WAL_INVALID_ARGUMENT',
    })
    await wal.append(message('whole', { properties: new Map(pairs('p')) }))
  }
  const whole = shown(message('whole', { properties: new Map(pairs('p')) }))
  assert.deepEqual((await delivered(wal)).map(shown), [whole, whole, whole])
})

test('what only says of itself that it is a Map is refused, and messages behind it are stored', async () => {
  const wal = await open()
  const pretenders = [
    { [Symbol.toStringTag]: 'Map' },
    Object.create(Map.prototype),
    new URLSearchParams('a=b'),
  ]
  for (const properties of pretenders) {
    await assert.rejects(wal.append({ payload: Buffer.from('x'), properties }), {
      code: 'WAL_INVALID_ARGUMENT',
    })
    await wal.append(message('whole'))
  }
  assert.deepEqual(
    (await delivered(wal)).map(textOf),
    pretenders.map(() => 'whole'),
  )
})

test('bytes in shared memory and of another realm come back', async () => {
  const wal = await open()
  const shared = Buffer.from(new SharedArrayBuffer(5))
  shared.write('share')
  const foreign = runInNewContext('new Uint8Array([1, 2, 3])') as Uint8Array
  const foreignMap = runInNewContext("new Map([['k', 'v']])") as Map<string, string>
  await wal.append({ payload: shared })
  shared.fill(0)
  await wal.append({ payload: foreign, properties: foreignMap })
  assert.deepEqual((await delivered(wal)).map(shown), [
    shown(message('share')),
    shown({ payload: Uint8Array.of(1, 2, 3), properties: new Map([['k', 'v']]) }),
  ])
})

test('each field of a message is read once, so what is stored is what was checked', async () => {
  const wal = await open()
  let reads = 0
  const changing: NewMessage = Object.create({
    get payload() {
      return Buffer.alloc(10 ** ++reads, 'p')
    },
    get vchannel() {
      return `v${++reads}`
    },
  })
  const { vchannel } = await wal.append(changing)
  assert.equal(reads, 2)
  const [found] = await delivered(wal)
  assert.equal(found?.vchannel, vchannel)
  assert.match(textOf(found as Message), /^p+$/)
})

test('a message that waited while a time tick got a longer id than the one before comes back whole', async () => {
  const builder = overMemory((log) => ({
    limits: { ...log.limits, maxBatchMessages: 1, maxInFlightBatches: 1 },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  const all = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) =>
      message(`${from + i}`, { vchannel: 'v', properties: new Map(pairs(`p${from + i}`)) }),
    )
  // The opening record has the id 1, and these those up to "z".
  await wal.appendBatch(all(2, 36))
  const barrier = wal.barrier()
  await Promise.all(all(37, 41).map((each) => wal.append(each)))
  await barrier
  const found = await delivered(wal)
  assert.deepEqual(found.map(shown), [...all(2, 36), ...all(37, 41)].map(shown))
  assert.equal(found[33]?.reserved.get('_pt'), '1')
  assert.equal(found[34]?.reserved.get('_pt'), '10')
})

const size = fc.oneof(
  fc.nat(40),
  fc.integer({ min: 120, max: 135 }),
  fc.integer({ min: 32_000, max: 33_500 }),
  fc.constantFrom(5000, 60_000, 90_000, 255_000, 300_000),
)
const kept = fc.record({
  payload: size,
  character: fc.constantFrom('a', 'é', '界', '😀'),
  vchannel: fc.constantFrom(0, 1, 127, 512),
  properties: fc.array(size, { maxLength: 4 }),
  fate: fc.constantFrom('stored', 'stored', 'stored', 'refused', 'aborted'),
})

test('messages of every size come back whole, whatever became of those between them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(kept, { minLength: 1, maxLength: 30 }), async (all) => {
      const wal = await open({ budgetBytes: 64 << 20, maxWaitingBytes: 1 << 30 })
      const expected: unknown[] = []
      const appends = all.map(({ payload, character, vchannel, properties, fate }, i) => {
        const giveUp = new AbortController()
        const made: NewMessage = {
          payload: Buffer.alloc(payload, String.fromCharCode(97 + (i % 26))),
          vchannel: character.repeat(vchannel),
          properties: new Map(
            properties.map((each, key) => [`${key}${character}`, character.repeat(Math.min(each, 70_000))]),
          ),
        }
        if (fate === 'refused') (made.properties as Map<string, string>).set('_reserved', 'x')
        const append = wal.append(made, { signal: giveUp.signal })
        if (fate === 'aborted') giveUp.abort(new Error('enough'))
        if (fate === 'stored') expected.push(shown(made))
        return append
      })
      await Promise.allSettled(appends)
      assert.deepEqual((await delivered(wal)).map(shown), expected)
      await wal.truncate((await wal.append(message('gone'))).position)
      await wal.close()
    }),
    { numRuns: 30 },
  )
})
