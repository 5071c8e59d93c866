import { deflateSync } from 'node:zlib'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { batchOf, WalError } from '@wal/walimpls'
import { mutatedBytes, seededRandom } from '@wal/walimpls/testing'
import { describe, expect, test } from 'vitest'
import { EntryDecoder } from '../../src/records/entry-decoder.js'
import { encodeMessages, headersAndPayload } from '../../src/records/entry-encoder.js'
import { messageIds } from '../../src/records/message-ids.js'
import { Watch } from './watch.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const MUTATIONS = Number(process.env.WAL_TEST_MUTATIONS ?? 5_000)
const timeout = 60_000 + MUTATIONS

/** zlib gives back what a refused input took only when the event loop gets its turn. */
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

const messages = Array.from({ length: 8 }, (_, i) => ({
  payload: Buffer.alloc(i * 20, i),
  properties: ['_v', '1', 'number', String(i), 'é', 'x'.repeat(i * 20)],
}))
const encoded = encodeMessages(batchOf(0, messages), { producer: 'wal-abc' })
const ours = Buffer.concat(headersAndPayload(encoded, { sequence: 7, publishTime: 1_700_000_000_000 }))
const { payload } = encoded

interface Form {
  readonly compression?: number
  readonly count?: number
  readonly fields?: (metadata: BinaryWriter) => unknown
}

/** An entry of another client. */
function entryOf(payload: Buffer, { compression = 0, count, fields }: Form): Buffer {
  const metadata = new BinaryWriter()
  metadata.tag(1, 2).string('java').tag(2, 0).uint64(9).tag(3, 0).uint64(1_700_000_000_000)
  if (compression !== 0) metadata.tag(8, 0).int32(compression).tag(9, 0).uint32(encoded.payload.length)
  if (count !== undefined) metadata.tag(11, 0).int32(count)
  fields?.(metadata)
  const bytes = metadata.finish()
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  return Buffer.concat([size, bytes, payload])
}

/** The payload as one run of literals, in LZ4 and in snappy. */
const lz4 = Buffer.concat([Buffer.from([0xf0, ...lengthBytes(payload.length - 15)]), payload])
const snappy = Buffer.concat([
  Buffer.from([(payload.length & 127) | 128, payload.length >> 7]),
  Buffer.from([61 << 2, (payload.length - 1) & 255, (payload.length - 1) >> 8]),
  payload,
])

function lengthBytes(length: number): number[] {
  return [...new Array<number>(Math.floor(length / 255)).fill(255), length % 255]
}

const ENTRIES = [
  ours,
  entryOf(lz4, { compression: 1, count: 8 }),
  entryOf(deflateSync(payload), { compression: 2, count: 8 }),
  entryOf(snappy, { compression: 4, count: 8 }),
  entryOf(Buffer.from('one message'), {
    fields: (metadata) =>
      metadata.tag(4, 2).bytes(new BinaryWriter().tag(1, 2).string('k').tag(2, 2).string('v').finish()),
  }),
  entryOf(Buffer.from('encrypted'), { count: 3, fields: (metadata) => metadata.tag(13, 2).string('') }),
]

const codeOf = (error: unknown) => (WalError.isInstance(error) ? error.code : undefined)

describe(`${MUTATIONS} mutated buffers, WAL_TEST_SEED=${SEED}`, () => {
  test('entries are decoded or refused with a code, in bounded time and memory', { timeout }, async () => {
    const random = seededRandom(SEED)
    const decoder = new EntryDecoder('orders')
    const place = { ledger: 1, entry: 2 }
    for (const entry of ENTRIES.slice(0, 4)) expect(decoder.decode(entry, place).records()).toHaveLength(8)
    const watch = new Watch()
    for (let i = 0; i < MUTATIONS; i++) {
      if (i % 100 === 0) await endOfTurn()
      const entry = ENTRIES[Math.floor(random() * ENTRIES.length)] as Buffer
      const bytes = mutatedBytes(entry, random)
      watch.run(() => {
        const decoded = decoder.decode(bytes, place)
        const records = decoded.records()
        expect(records.length).toBeLessThanOrEqual(decoded.count)
        expect(new Set(records.map(({ id }) => messageIds.serialise(id))).size).toBe(records.length)
      }, codeOf)
    }
    console.log('entries:', Object.fromEntries(watch.outcomes))
    expect([...watch.outcomes.keys()].sort()).toEqual(['WAL_CORRUPT', 'WAL_SPEC_UNSUPPORTED', 'decoded'])
  })

  test('a mutated id is parsed and keeps its text, or is refused', { timeout }, () => {
    const random = seededRandom(SEED)
    const watch = new Watch()
    const ids = ['CAEQAiAD', 'CAEQAhj///////////8BIAMwBQ==', 'CKwCEH8ggAE=', 'CAEQAg==']
    for (let i = 0; i < MUTATIONS; i++) {
      const id = Buffer.from(ids[i % ids.length] as string, i % 2 === 0 ? 'base64' : 'latin1')
      const bytes = mutatedBytes(id, random)
      const text = bytes.toString(i % 2 === 0 ? 'base64' : 'latin1')
      watch.run(() => {
        expect(messageIds.serialise(messageIds.parse(text))).toBe(text)
      }, codeOf)
    }
    console.log('ids:', Object.fromEntries(watch.outcomes))
    expect([...watch.outcomes.keys()].sort()).toEqual(['WAL_INVALID_ARGUMENT', 'decoded'])
  })
})
