import { batchOf, recordBytes, type WireMessage } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { limitsOf } from './limits.js'
import { nativeEntry } from './native/native-messages.js'
import { encodeMessages } from './records/entry-encoder.js'

const MAX_MESSAGE_BYTES = 5 * 1024 * 1024
/** What the native driver says of itself. */
const NATIVE_BYTES_FOR_ONE = 21
const NAME = `wal-${'x'.repeat(32)}`

/** The fullest batch of such records that the limits allow. */
function fullBatch(message: WireMessage, driver: Parameters<typeof limitsOf>[0]) {
  const { maxBatchBytes, maxBatchMessages } = limitsOf(driver, 8)
  const count = Math.min(maxBatchMessages, Math.floor(maxBatchBytes / Math.max(1, recordBytes(message))))
  return batchOf(0, Array<WireMessage>(Math.max(1, count)).fill(message))
}

/** Keys of one byte each, from the last to the first: no map would give them back in this order. */
const oneByteKeys = Array.from({ length: 127 }, (_, i) => String.fromCharCode(127 - i))
const empty = Buffer.alloc(0)

const WORST: readonly (readonly [name: string, message: WireMessage])[] = [
  ['nothing', { payload: empty, properties: [] }],
  ['properties of one byte', { payload: empty, properties: oneByteKeys.flatMap((key) => [key, '']) }],
  ['one property of one byte', { payload: empty, properties: ['b', ''] }],
  ['properties that end a C string', { payload: empty, properties: ['a\0', '\0', 'b\0', ''] }],
  ['a payload', { payload: Buffer.alloc(1000), properties: [] }],
]

test.each(WORST)('the fullest batch of records with %s is not too large for the broker', (_, message) => {
  for (const maxMessageBytes of [64 * 1024, MAX_MESSAGE_BYTES]) {
    const batch = fullBatch(message, { maxMessageBytes })
    expect(encodeMessages(batch, { producer: NAME }).bytes).toBeLessThanOrEqual(maxMessageBytes)
    const native = fullBatch(message, { maxMessageBytes, bytesForOne: NATIVE_BYTES_FOR_ONE })
    expect(nativeEntry(native, NAME, maxMessageBytes).bytes).toBeLessThanOrEqual(maxMessageBytes)
  }
})

test('the largest record is sent', () => {
  const { maxRecordBytes } = limitsOf({ maxMessageBytes: MAX_MESSAGE_BYTES }, 8)
  const batch = batchOf(0, [
    { payload: Buffer.alloc(maxRecordBytes - 20), properties: ['a'.repeat(10), 'b'.repeat(10)] },
  ])
  expect(encodeMessages(batch, { producer: NAME }).bytes).toBeLessThanOrEqual(MAX_MESSAGE_BYTES)
  expect(maxRecordBytes).toBeGreaterThan(MAX_MESSAGE_BYTES - 16 * 1024)
})
