import { describe, expect, test } from 'vitest'
import { BadCompression } from './bounded-output.js'
import { decompressLz4, decompressLz4Block } from './lz4.js'
import { decompressSnappy } from './snappy.js'
import { decompressInJavaScript } from './zstd.js'

// Forms made by hand after the descriptions of the formats, and what is wrong. Whole batches of a real client are in
// packages/impl-kafka/test/java-batches.test.ts, frames that zstd itself made in packages/walimpls/test/zstd.test.ts.
const hex = (...parts: string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
const LIMIT = 1 << 20

describe('snappy', () => {
  test.each([
    ['literals', '03 08 616263', 'abc'],
    ['a literal with a length of its own', `46 f0 45 ${'61'.repeat(70)}`, 'a'.repeat(70)],
    ['a short copy that overlaps', '09 00 61 11 01', 'a'.repeat(9)],
    ['a copy with a distance of two bytes', '06 08 616263 0a 0300', 'abcabc'],
    ['a copy with a distance of four bytes', '06 08 616263 0b 03000000', 'abcabc'],
    ['nothing', '00', ''],
  ])('%s', (_, bytes, text) => {
    expect(decompressSnappy(hex(bytes), LIMIT).toString()).toBe(text)
  })
  test('a stream of blocks', () => {
    const stream = hex('82 534e41505059 00 00000001 00000001', '00000005 03 08 616263', '00000003 01 00 64')
    expect(decompressSnappy(stream, LIMIT).toString()).toBe('abcd')
  })
  test.each([
    ['a length of 2^31, which other decoders take for a negative one', 'ff01 fc ffffff7f 61'],
    ['a literal that passes the end', '03 08 6162'],
    ['a copy from before the beginning', '06 08 616263 0a 0400'],
    ['a copy from nowhere', '06 08 616263 0a 0000'],
    ['a copy that is cut off', '06 08 616263 0a 03'],
    ['a literal whose length is cut off', '03 f4 08'],
    ['fewer bytes than it says', '04 08 616263'],
    ['more bytes than it says', '02 08 616263'],
    ['no length', ''],
    ['a block of a stream that passes the end', '82 534e41505059 00 00000001 00000001 00000009 00'],
    ['a stream that ends within a length', '82 534e41505059 00 00000001 00000001 0000'],
    [
      'a block that copies from the one before',
      '82 534e41505059 00 00000001 00000001 00000003 01 00 61 00000004 04 01 01 00',
    ],
  ])('%s is refused', (_, bytes) => {
    expect(() => decompressSnappy(hex(bytes), LIMIT)).toThrow(BadCompression)
  })
})

describe('lz4', () => {
  const frame = (...blocks: string[]) => hex('04224d18 40 40 00', ...blocks, '00000000')
  test.each([
    ['literals', frame('04000000 30 616263'), 'abc'],
    ['a repetition that overlaps', frame('09000000 1f 61 0100 00 30 626364'), `${'a'.repeat(20)}bcd`],
    ['a long run of literals', frame('14000000 f0 03', '61'.repeat(18)), 'a'.repeat(18)],
    ['a block that is not compressed', frame('03000080 616263'), 'abc'],
    [
      'a block that repeats from the one before',
      frame('04000000 30 616263', '05000000 00 0300 10 64'),
      'abcabcad',
    ],
    [
      'check sums and a size',
      hex('04224d18 5c 40 0300000000000000 00', '04000000 30 616263 00000000', '00000000 00000000'),
      'abc',
    ],
    [
      'a frame to be skipped',
      Buffer.concat([hex('502a4d18 02000000 0000'), frame('04000000 30 616263')]),
      'abc',
    ],
    ['two frames', Buffer.concat([frame('04000000 30 616263'), frame('02000000 10 64')]), 'abcd'],
  ])('%s', (_, bytes, text) => {
    expect(decompressLz4(bytes, LIMIT).toString()).toBe(text)
  })
  test.each([
    ['another magic number', hex('04224d19 40 40 00 00000000')],
    ['another version', hex('04224d18 80 40 00 00000000')],
    ['a dictionary', hex('04224d18 41 40 00 00000000')],
    ['a frame without an end', hex('04224d18 40 40 00')],
    ['a check sum that is cut off', hex('04224d18 44 40 00 00000000 0000')],
    ['a frame to be skipped that is cut off', hex('502a4d18 02000000 00')],
    ['a block that passes the end', frame('09000000 30')],
    ['literals that pass the end', hex('04224d18 40 40 00 02000000 30 61')],
    ['a repetition from before the beginning', frame('05000000 10 61 0200 00')],
    ['a repetition from nowhere', frame('05000000 10 61 0000 00')],
    ['a repetition that is cut off', frame('03000000 10 61 01')],
    ['a length that does not end', frame('04000000 f0 ff ff ff')],
    [
      'a frame that repeats from the one before',
      Buffer.concat([frame('04000000 30 616263'), frame('04000000 00 0300 00')]),
    ],
  ])('%s is refused', (_, bytes) => {
    expect(() => decompressLz4(bytes, LIMIT)).toThrow(BadCompression)
  })
})

describe('a block of lz4 without a frame', () => {
  test.each([
    ['literals', '30 616263', 'abc'],
    ['a repetition that overlaps', '1f 61 0100 00 30 626364', `${'a'.repeat(20)}bcd`],
    ['nothing', '', ''],
  ])('%s', (_, bytes, text) => {
    expect(decompressLz4Block(hex(bytes), LIMIT).toString()).toBe(text)
  })
  test.each([
    ['literals that pass the end', '30 6162'],
    ['a repetition from before the beginning', '10 61 0200 00'],
    ['a length that does not end', 'f0 ff ff'],
  ])('%s is refused', (_, bytes) => {
    expect(() => decompressLz4Block(hex(bytes), LIMIT)).toThrow(BadCompression)
  })
  test('becomes no larger than the limit', () => {
    const block = hex('1f 61 0100', 'ff'.repeat(100), '00 10 62')
    const { length } = decompressLz4Block(block, LIMIT)
    expect(decompressLz4Block(block, length)).toHaveLength(length)
    expect(() => decompressLz4Block(block, length - 1)).toThrow(/more than/)
  })
})

describe('zstd in JavaScript', () => {
  const header = '28b52ffd'
  test.each([
    ['a plain block', hex(header, '00 58', '190000 616263'), 'abc'],
    ['a block of one byte', hex(header, '00 58', '230000 61'), 'aaaa'],
    ['a size', hex(header, '20 03', '190000 616263'), 'abc'],
    ['a window of a terabyte, which is not allocated', hex(header, '00 f0 190000 616263'), 'abc'],
    ['a frame to be skipped', hex('502a4d18 02000000 0000', header, '00 58', '190000 616263'), 'abc'],
    ['two frames', hex(header, '00 58', '190000 616263', header, '00 58', '090000 64'), 'abcd'],
  ])('%s', (_, bytes, text) => {
    expect(decompressInJavaScript(bytes, LIMIT).toString()).toBe(text)
  })
  test.each([
    ['another magic number', hex('28b52ffe 00 58 190000 616263'), /no zstd frame/],
    ['a dictionary', hex(header, '01 58 07 190000 616263'), /dictionary/],
    ['a size of a gigabyte', hex(header, 'a0 00000040 190000 616263'), /has 3 bytes and says 1073741824/],
    [
      'a size of 2^63',
      hex(header, 'e0 0000000000000080 190000 616263'),
      /has 3 bytes and says 9223372036854776000/,
    ],
    ['a block of an unknown kind', hex(header, '00 58 1f0000 616263'), /no known kind/],
    ['a block that passes the end', hex(header, '00 58 290000 616263'), /ends too early/],
    ['a frame without a last block', hex(header, '00 58 180000 616263'), /ends too early/],
    ['a frame that is cut off', hex(header, '00'), /ends too early/],
    [
      'more blocks of one byte than the limit',
      hex(header, '00 58', '02001061'.repeat(9), '03001061'),
      /more than/,
    ],
  ])('%s is refused', (_, bytes, what) => {
    expect(() => decompressInJavaScript(bytes, LIMIT)).toThrow(what)
  })
})
