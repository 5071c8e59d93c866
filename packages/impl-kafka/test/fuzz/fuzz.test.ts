import { readFileSync } from 'node:fs'
import { batchOf, WalError } from '@wal/walimpls'
import {
  BadCompression,
  crc32c,
  decompressZstdInJavaScript,
  type NumberId,
  numberIdCodec,
} from '@wal/walimpls/helper'
import { mutatedBytes, seededRandom } from '@wal/walimpls/testing'
import { describe, expect, test } from 'vitest'
import { MalformedAnswer } from '../../src/protocol/malformed-answer.js'
import { bodyOf } from '../../src/protocol/request.js'
import { RecordDecoder } from '../../src/records/batch-decoder.js'
import { encodeRecordBatch } from '../../src/records/batch-encoder.js'
import { batchHeaders } from '../../src/records/batch-header.js'
import { BATCH_LENGTH, CHECKED_FROM, COUNTED_FROM, CRC, RECORDS } from '../../src/records/batch-layout.js'
import { ANSWERS } from './answers.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const MUTATIONS = Number(process.env.WAL_TEST_MUTATIONS ?? 5_000)
const timeout = 60_000 + MUTATIONS

/** The most that decoding may add to what is held and to the resident set, and the longest that one buffer may take. */
const MOST_HELD_BYTES = 16 << 20
const MOST_RESIDENT_BYTES = 300 << 20
const LONGEST_MS = 2_000
const MAX_DECOMPRESSED = 1 << 20

/** Counts outcomes, and watches time and memory. */
class Watch {
  readonly outcomes = new Map<string, number>()
  readonly #before = held()
  #runs = 0

  /** Runs `decode`. `outcome` names the outcome of an error, or is undefined for an error that must not be. */
  run(decode: () => unknown, outcome: (error: unknown) => string | undefined): void {
    const started = performance.now()
    let result = 'decoded'
    try {
      decode()
    } catch (error) {
      const named = outcome(error)
      if (named === undefined) throw error
      result = named
    }
    this.outcomes.set(result, (this.outcomes.get(result) ?? 0) + 1)
    expect(performance.now() - started).toBeLessThan(LONGEST_MS)
    if (++this.#runs % 1000 !== 0) return
    const after = held()
    expect(after.bytes - this.#before.bytes).toBeLessThan(MOST_HELD_BYTES)
    expect(after.resident - this.#before.resident).toBeLessThan(MOST_RESIDENT_BYTES)
  }
}

/** zlib gives back what a refused input took only when the event loop gets its turn. */
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What the process holds after a collection, and what it takes. */
function held(): { readonly bytes: number; readonly resident: number } {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { bytes: heapUsed + arrayBuffers, resident: rss }
}

const codeOf = (error: unknown) => (WalError.isInstance(error) ? error.code : undefined)

const stamp = { producerId: 40n, producerEpoch: 3, baseSequence: 17, timestamp: 1_700_000_000_000 }
const messages = Array.from({ length: 8 }, (_, i) => ({
  payload: Buffer.alloc(i * 20, i),
  properties: ['_v', '1', 'number', String(i), 'é', 'x'.repeat(i * 20)],
}))
const JAVA: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../fixtures/java-batches.json', import.meta.url), 'utf8'),
)
const ZSTD: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../../walimpls/test/fixtures/zstd-frames.json', import.meta.url), 'utf8'),
)
const BATCHES = [
  encodeRecordBatch(batchOf(0, messages), stamp, { maxBytes: 1 << 20 }),
  encodeRecordBatch(batchOf(0, messages), stamp, { maxBytes: 1 << 20, gzip: true }),
  ...Object.values(JAVA).map((base64) => Buffer.from(base64, 'base64')),
]

/** Makes length and check sum right again, so that what lies behind them is decoded. */
function mended(batch: Buffer): Buffer {
  if (batch.length < RECORDS) return batch
  batch.writeInt32BE(batch.length - COUNTED_FROM, BATCH_LENGTH)
  batch.writeUInt32BE(crc32c(batch, CHECKED_FROM), CRC)
  return batch
}

/** Decodes until nothing more comes, as a reader does that asks for what follows. */
function readAll(decoder: RecordDecoder<NumberId>, records: Buffer): void {
  for (let from = 0; ; ) {
    const { messages, next } = decoder.decode(records, {
      from,
      aborted: [{ producerId: 42n, firstOffset: 0 }],
    })
    if (messages.length === 0) return
    expect(next).toBeGreaterThan(from)
    from = next
  }
}

describe(`${MUTATIONS} mutated buffers, WAL_TEST_SEED=${SEED}`, () => {
  test('record batches are decoded or refused with a code, in bounded time and memory', {
    timeout,
  }, async () => {
    const random = seededRandom(SEED)
    const watch = new Watch()
    const headers = new Watch()
    const decoder = new RecordDecoder({
      topic: 'orders',
      idOf: numberIdCodec('kafka').of,
      maxDecompressedBytes: MAX_DECOMPRESSED,
    })
    for (let i = 0; i < MUTATIONS; i++) {
      if (i % 100 === 0) await endOfTurn()
      const batch = BATCHES[Math.floor(random() * BATCHES.length)] as Buffer
      // In half of the buffers only what follows the header changes, and the rest fits to it.
      const records = random() < 0.5
      const bytes = records
        ? mended(Buffer.concat([batch.subarray(0, RECORDS), mutatedBytes(batch.subarray(RECORDS), random)]))
        : mended(mutatedBytes(batch, random))
      const whole = random() < 0.1 ? mutatedBytes(Buffer.concat([batch, bytes]), random) : bytes
      headers.run(() => batchHeaders(whole, 'orders'), codeOf)
      watch.run(() => readAll(decoder, whole), codeOf)
    }
    console.log('record batches:', Object.fromEntries(watch.outcomes))
    expect([...watch.outcomes.keys()].sort()).toEqual(['WAL_CORRUPT', 'WAL_SPEC_UNSUPPORTED', 'decoded'])
  })

  test('frames of zstd are decoded or refused in JavaScript, in bounded time and memory', { timeout }, () => {
    const random = seededRandom(SEED)
    const watch = new Watch()
    const frames = Object.values(ZSTD).map((base64) => Buffer.from(base64, 'base64'))
    for (let i = 0; i < MUTATIONS / 10; i++) {
      const bytes = mutatedBytes(frames[i % frames.length] as Buffer, random)
      let length = 0
      watch.run(
        () => {
          length = decompressZstdInJavaScript(bytes, MAX_DECOMPRESSED).length
        },
        (error) => (error instanceof BadCompression ? 'refused' : undefined),
      )
      expect(length).toBeLessThanOrEqual(MAX_DECOMPRESSED)
    }
    console.log('zstd frames:', Object.fromEntries(watch.outcomes))
    expect([...watch.outcomes.keys()].sort()).toEqual(['decoded', 'refused'])
  })

  test('answers are decoded or refused as malformed, in bounded time and memory', { timeout }, () => {
    const random = seededRandom(SEED)
    const watch = new Watch()
    for (const { request, frame } of ANSWERS) bodyOf(request, frame)
    for (let i = 0; i < MUTATIONS; i++) {
      const { request, frame } = ANSWERS[i % ANSWERS.length] as (typeof ANSWERS)[number]
      const bytes = mutatedBytes(frame, random)
      watch.run(
        () => bodyOf(request, bytes),
        (error) => (error instanceof MalformedAnswer ? 'malformed' : undefined),
      )
    }
    console.log('answers:', Object.fromEntries(watch.outcomes))
    expect([...watch.outcomes.keys()].sort()).toEqual(['decoded', 'malformed'])
  })
})
