import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c, crc32cOf, crcOfChange } from './crc32c.js'

/** Bit by bit, as the polynomial says. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

test.each([
  ['nothing', Buffer.alloc(0), 0],
  // The examples of RFC 3720, appendix B.4, and the usual check value.
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 255), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
])('the check sum of %s is the known one', (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc)
})

test('every length and every part has the check sum that bit by bit gives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(50), fc.nat(50), (bytes, skipped, less) => {
      const start = Math.min(skipped, bytes.length)
      const end = Math.max(start, bytes.length - less)
      expect(crc32c(bytes, start, end)).toBe(slowCrc32c(bytes.subarray(start, end)))
    }),
  )
})

test('bytes in several parts have the check sum that they have in one', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (parts) => {
      expect(crc32cOf(parts)).toBe(slowCrc32c(Buffer.concat(parts)))
    }),
  )
})

test('the check sum after a change is found without the bytes behind it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 400 }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (bytes, difference) => {
        const changed = bytes.map((byte, i) => byte ^ (difference[i] ?? 0))
        const crc = (crc32c(bytes) ^ crcOfChange(difference, bytes.length - 8)) >>> 0
        expect(crc).toBe(crc32c(changed))
      },
    ),
  )
  const long = Buffer.alloc(5_000_000, 7)
  const before = crc32c(long)
  long[0] = 8
  expect((before ^ crcOfChange(Uint8Array.of(7 ^ 8), long.length - 1)) >>> 0).toBe(crc32c(long))
})
