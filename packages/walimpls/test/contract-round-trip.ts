import assert from 'node:assert/strict'
import type { WireMessage } from '../src/index.js'
import { batchOf, type ContractContext, readAll, text, textsOf } from './contract-context.js'

export function roundTripTests({ test, builder }: ContractContext): void {
  const bytes = (...values: number[]) => Uint8Array.from(values)
  const many = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? `key ${i}` : 'v'.repeat(i)))
  const cases: Record<string, WireMessage> = {
    'an empty payload and no properties': { payload: bytes(), properties: [] },
    'an empty payload with properties': { payload: bytes(), properties: ['key', 'value'] },
    'every byte': { payload: Uint8Array.from({ length: 512 }, (_, i) => i & 255), properties: [] },
    'bytes that are no UTF-8, and a view into a larger buffer': {
      payload: Uint8Array.from({ length: 64 }, () => 0xff).subarray(7, 19),
      properties: ['a', 'b'],
    },
    'an empty key and value': { payload: bytes(1), properties: ['', '', 'key', ''] },
    'keys of JavaScript': {
      payload: bytes(1),
      properties: ['__proto__', 'x', 'constructor', 'y', 'toString', ''],
    },
    Unicode: {
      payload: bytes(1),
      properties: ['ключ 🗝', '值\u0000\n"\'\\ \u{10ffff}', 'é', 'e\u0301', '\ufeff', '\uffff'],
    },
    'reserved keys': { payload: bytes(1), properties: ['_v', '1', '_tt', 'zz', '_lcs', ''] },
    'a hundred properties, in their order': { payload: bytes(1), properties: many },
    'texts around the lengths where encodings change': {
      payload: bytes(1),
      properties: [127, 128, 16_383, 16_384, 70_000].flatMap((n) => [
        `a${n}`,
        'x'.repeat(n),
        `b${n}`,
        'ü'.repeat(n),
      ]),
    },
  }
  for (const [name, message] of Object.entries(cases)) {
    test(`round trip of ${name}`, async (scene) => {
      const { wal, append } = await scene.writer(1)
      const [id] = await append(message)
      const stored = (await readAll(wal)).at(-1)
      assert(stored !== undefined && id !== undefined)
      assert.equal(builder.messageIds.compare(stored.id, id), 0)
      assert.deepEqual([...stored.payload], [...message.payload])
      assert.deepEqual([...stored.properties], [...message.properties])
    })
  }

  test('round trip of 8 MiB, or the largest that the log takes', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const size = Math.min(8 * 1024 * 1024, wal.limits.maxRecordBytes)
    const payload = new Uint8Array(size)
    for (let i = 0, x = 1; i < size; i++) {
      x = (x * 1_103_515_245 + 12_345) & 0x7fffffff
      payload[i] = x >> 16
    }
    await append({ payload, properties: [] }, text('behind'))
    const [, stored, behind] = await readAll(wal)
    assert.equal(Buffer.compare(stored?.payload ?? bytes(), payload), 0)
    assert.deepEqual(textsOf(behind === undefined ? [] : [behind]), ['behind'])
  })

  test('what was appended or read may be changed without harm', async (scene) => {
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

  test('ids have an order and a text form', async (scene) => {
    const { append, wal } = await scene.writer(1)
    const { compare, serialise, parse } = builder.messageIds
    const ids = [...(await append(text('a'), text('b'))), ...(await append(text('c')))]
    for (const [i, id] of ids.entries()) {
      assert.equal(id.backend, builder.name)
      const written = serialise(id)
      assert.match(written, /^[\x21-\x7e]+$/)
      assert.equal(compare(parse(written), id), 0)
      assert.equal(serialise(parse(written)), written)
      for (const [j, other] of ids.entries()) assert.equal(Math.sign(compare(id, other)), Math.sign(i - j))
      assert.doesNotThrow(() => JSON.stringify(id))
    }
    const stored = (await readAll(wal)).slice(1)
    assert.deepEqual(
      stored.map(({ id }) => serialise(id)),
      ids.map(serialise),
    )
    const foreign = { backend: 'another' }
    assert.throws(() => compare(foreign, ids[0]), { code: 'WAL_INVALID_ARGUMENT' })
    assert.throws(() => compare(ids[0], foreign), { code: 'WAL_INVALID_ARGUMENT' })
    for (const nonsense of ['', ' ', 'not an id', '🗝'])
      assert.throws(() => parse(nonsense), { code: 'WAL_INVALID_ARGUMENT' })
  })

  test('batches in flight keep their order and settle in it', async (scene) => {
    const { wal, batch } = await scene.writer(1)
    const { maxInFlightBatches } = wal.limits
    assert(maxInFlightBatches >= 1 && wal.limits.maxBatchMessages >= 1 && wal.limits.maxBatchBytes >= 1)
    const settled: number[] = []
    const expected: string[] = []
    const flying: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      const names = Array.from({ length: 1 + (i % 3) }, (_, j) => `${i}.${j}`)
      expected.push(...names)
      if (flying.length >= maxInFlightBatches) await flying.shift()
      flying.push(
        wal
          .append(batch(...names.map((name) => text(name))))
          .then((ids) => settled.push(i) && assert.equal(ids.length, names.length)),
      )
    }
    await Promise.all(flying)
    assert.deepEqual(
      settled,
      [...settled].sort((a, b) => a - b),
    )
    const stored = (await readAll(wal)).slice(1)
    assert.deepEqual(textsOf(stored), expected)
    stored.reduce((a, b) => {
      assert(builder.messageIds.compare(a.id, b.id) < 0)
      return b
    })
  })

  test('a batch sent again gets its ids, or is stored again behind', async (scene) => {
    const { wal, batch } = await scene.writer(1)
    const { serialise } = builder.messageIds
    const again = batch(text('a'), text('b'))
    const first = (await wal.append(again)).map(serialise)
    const second = (await wal.append(again)).map(serialise)
    await wal.append(batchOf(3, [text('c')]))
    const stored = textsOf((await readAll(wal)).slice(1))
    if (first.join() === second.join()) assert.deepEqual(stored, ['a', 'b', 'c'])
    else assert.deepEqual(stored, ['a', 'b', 'a', 'b', 'c'])
  })
}
