import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedAnswer } from './malformed-answer.js'
import { WireReader } from './wire-reader.js'
import { WireWriter } from './wire-writer.js'

const written = (write: (to: WireWriter) => void) => {
  const to = new WireWriter()
  write(to)
  const bytes = Buffer.concat(to.finish())
  expect(to.length).toBe(bytes.length)
  return bytes
}
const reader = (...bytes: number[]) => new WireReader(Buffer.from(bytes), 'The answer to Test')

test('values are written as the protocol describes them', () => {
  const bytes = written((to) => {
    to.int8(-1)
    to.bool(true)
    to.int16(258)
    to.int32(-2)
    to.int64(-2)
    to.int64(2n ** 40n + 1n)
    to.int64(2 ** 40 + 1)
    to.unsignedVarint(300)
    to.uuid('00112233445566778899aabbccddeeff')
    to.string('é')
    to.nullableString(null)
    to.compactString('ab')
    to.compactNullableString(null)
    to.compactBytes(Buffer.of(7, 8))
    to.compactArray([1, 2], (item) => to.int8(item))
    to.compactInt32Array([5])
    to.noTags()
  })
  expect(bytes.toString('hex')).toBe(
    [
      'ff',
      '01',
      '0102',
      'fffffffe',
      'fffffffffffffffe',
      '0000010000000001',
      '0000010000000001',
      'ac02',
      '00112233445566778899aabbccddeeff',
      '0002c3a9',
      'ffff',
      '036162',
      '00',
      '030708',
      '030102',
      '0200000005',
      '00',
    ].join(''),
  )
})

test('what was written is read again, however long it is', () => {
  const item = fc.record({
    text: fc.string({ unit: 'binary', maxLength: 400 }),
    bytes: fc.uint8Array({ maxLength: 400 }),
    number: fc.maxSafeInteger(),
    id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    length: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const bytes = written((to) =>
        to.compactArray(items, (each) => {
          to.compactString(each.text)
          to.compactBytes(Buffer.from(each.bytes))
          to.int64(each.number)
          to.int64(each.id)
          to.unsignedVarint(each.length)
          to.noTags()
        }),
      )
      const from = new WireReader(bytes, 'The answer to Test')
      const read = from.compactArray(20, () => {
        const text = from.compactString()
        const run = from.compactNullableBytes()
        const numbers = { number: from.safeInt64(), id: from.int64(), length: from.unsignedVarint() }
        from.tags()
        return { text, bytes: new Uint8Array(run ?? []), ...numbers }
      })
      from.finish()
      expect(read).toEqual(items)
    }),
  )
})

test('bytes are referenced, not copied, and a large text does not break the bytes before it', () => {
  const batch = Buffer.alloc(10, 9)
  const to = new WireWriter()
  to.int32(1)
  to.compactString('x'.repeat(1000))
  to.compactBytes(batch)
  to.compactBytes(Buffer.alloc(0))
  to.int32(2)
  const parts = to.finish()
  expect(parts).toContain(batch)
  expect(parts[0]?.readInt32BE(0)).toBe(1)
  expect(parts.at(-1)?.readInt32BE(1)).toBe(2)
})

test.each([
  ['a number that a field cannot hold', (to: WireWriter) => to.int16(40_000)],
  ['a number that is not safe', (to: WireWriter) => to.int64(2 ** 53)],
  ['a uuid that is too short', (to: WireWriter) => to.uuid('00')],
  ['a uuid that is not hexadecimal', (to: WireWriter) => to.uuid('x'.repeat(32))],
])('%s is not written', (_, write) => {
  expect(() => write(new WireWriter())).toThrow(RangeError)
})

test.each([
  ['a number that is cut off', () => reader(0, 0, 1).int32(), /a number of 4 bytes passes the end/],
  [
    'a text that passes the end',
    () => reader(9, 65).compactString(),
    /a text of 8 bytes passes the end.*at byte 1/,
  ],
  [
    'a text of four gigabytes',
    () => reader(255, 255, 255, 255, 15).compactString(),
    /a text of 4294967294 bytes/,
  ],
  [
    'a length of more than 32 bits',
    () => reader(255, 255, 255, 255, 31).unsignedVarint(),
    /more than 32 bits/,
  ],
  [
    'a length that does not end',
    () => reader(255, 255, 255, 255, 255, 255).unsignedVarint(),
    /more than 32 bits/,
  ],
  [
    'a list that cannot fit',
    () => {
      const from = reader(5, 0, 0, 0, 1)
      from.compactInt32Array()
    },
    /a list of 4 passes the end/,
  ],
  ['a null where none may be', () => reader(0).compactString(), /null/],
  ['a list that is null', () => reader(0).compactInt32Array(), /null/],
  ['an offset beyond 2^53', () => reader(0, 32, 0, 0, 0, 0, 0, 0).safeInt64(), /beyond 2\^53/],
  ['tagged fields that cannot fit', () => reader(2, 0, 0).tags(), /2 tagged fields pass the end/],
  ['a tagged field that passes the end', () => reader(1, 0, 3, 1).tags(), /a tagged field of 3 bytes/],
  ['bytes behind the end', () => reader(1).finish(), /1 bytes follow its end/],
])('%s is malformed, and the error says so', (_, read, text) => {
  expect(read).toThrow(MalformedAnswer)
  expect(read).toThrow(text)
  expect(read).toThrow(/^The answer to Test can't be decoded: .*, at byte \d+\.$/)
})

test('tagged fields that are unknown are skipped, and a known one cannot be read past its end', () => {
  const from = reader(2, 0, 1, 7, 1, 2, 8, 9, 5)
  const seen: number[] = []
  from.tags((tag) => {
    if (tag === 1) seen.push(from.int8())
  })
  expect(seen).toEqual([8])
  expect(from.int8()).toBe(5)
  const short = reader(1, 0, 1, 7, 1, 1)
  expect(() => short.tags(() => short.int16())).toThrow(MalformedAnswer)
})
