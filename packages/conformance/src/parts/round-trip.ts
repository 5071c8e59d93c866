import assert from 'node:assert/strict'
import type { WireMessage } from '@wal/walimpls'
import { bytesOf, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, ENDED_BY_ITSELF, readAll } from '../kit/reading.js'

const many = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? `key ${i}` : 'v'.repeat(i)))
const unicode = [
  'ключ 🗝',
  '值\u0000\n"\'\\ \u{10ffff}',
  'é',
  'e\u0301',
  '\ufeff',
  '\uffff',
  ' blank ',
  ' \t ',
]

const CASES: Record<string, WireMessage> = {
  'an empty payload and no properties': { payload: Uint8Array.of(), properties: [] },
  'an empty payload with properties': { payload: Uint8Array.of(), properties: ['key', 'value'] },
  'every byte': { payload: Uint8Array.from({ length: 512 }, (_, i) => i & 255), properties: [] },
  'bytes that are no UTF-8, in a view of a larger buffer': {
    payload: Uint8Array.from({ length: 64 }, () => 0xff).subarray(7, 19),
    properties: ['a', 'b'],
  },
  'an empty key and value': { payload: Uint8Array.of(1), properties: ['', '', 'key', ''] },
  'keys that JavaScript objects have by themselves': {
    payload: Uint8Array.of(1),
    properties: ['__proto__', 'x', 'constructor', 'y', 'toString', ''],
  },
  'Unicode and white space': { payload: Uint8Array.of(1), properties: unicode },
  'reserved keys': { payload: Uint8Array.of(1), properties: ['_v', '1', '_tt', 'zz', '_lcs', ''] },
  'a hundred properties in order': { payload: Uint8Array.of(1), properties: many },
  'texts around the lengths where encodings change': {
    payload: Uint8Array.of(1),
    properties: [127, 128, 16_383, 16_384, 70_000].flatMap((n) => [
      `a${n}`,
      'x'.repeat(n),
      `b${n}`,
      'ü'.repeat(n),
    ]),
  },
}

/** G10: payload and properties are read exactly as they were appended. */
export function roundTripPart({ backend, test }: PartContext): void {
  for (const [name, message] of Object.entries(CASES))
    test(`round trip of ${name}`, async (scene) => {
      const { wal, append } = await scene.writer(1)
      const [id] = await append(message)
      const last = await wal.last()
      for (const stored of [(await readAll(wal)).at(-1), last]) {
        assert.ok(stored !== undefined && id !== undefined)
        assert.equal(backend.builder.messageIds.compare(stored.id, id), 0)
        assert.deepEqual([...stored.payload], [...message.payload])
        assert.deepEqual([...stored.properties], [...message.properties])
      }
    })

  test('round trip of all these records in one batch', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const all = Object.values(CASES)
    await append(...all)
    const stored = (await readAll(wal)).slice(1)
    assert.deepEqual(
      stored.map(({ payload, properties }) => [[...payload], [...properties]]),
      all.map(({ payload, properties }) => [[...payload], [...properties]]),
    )
  })

  test('changing the bytes of a record that was appended or read changes nothing in the log', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const message = text('before')
    await append(message)
    message.payload.fill(0x78)
    const read = await readAll(wal)
    assert.deepEqual(textsOf(read.slice(1)), ['before'])
    for (const { payload } of read) payload.fill(0x79)
    assert.deepEqual(textsOf((await readAll(wal)).slice(1)), ['before'])
    const last = await wal.last()
    last?.payload.fill(0x7a)
    assert.deepEqual(textsOf((await readAll(wal)).slice(1)), ['before'])
  })

  test('through the adaptor: payload and properties come back, and the caller may change its buffer right after the call', async (scene) => {
    const wal = await scene.open()
    const tail = wal.read()
    const buffer = bytesOf('reused')
    const appending = wal.append({ payload: buffer })
    buffer.fill(0x78)
    await appending
    const properties = new Map([
      ['__proto__', 'a user’s'],
      ['empty', ''],
      ['ключ 🗝', ' 值\u0000\n '],
      ...Array.from({ length: 100 }, (_, i): [string, string] => [`key ${i}`, 'v'.repeat(i)]),
    ])
    await wal.append({ payload: Uint8Array.of(), properties, vchannel: 'v' })
    const live = [await tail.next(), await tail.next()].map(
      ({ value }) => value ?? assert.fail(ENDED_BY_ITSELF),
    )
    for (const [first, second] of [
      live,
      await deliveredTo(wal),
      await deliveredTo(await scene.openReader()),
    ]) {
      assert.deepEqual(textsOf([first ?? assert.fail('Nothing was delivered.')]), ['reused'])
      assert.equal(second?.payload.length, 0)
      assert.deepEqual([...(second?.properties ?? [])], [...properties])
      assert.equal(second?.vchannel, 'v')
    }
  })
}
