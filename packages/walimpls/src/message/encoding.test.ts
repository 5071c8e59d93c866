import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeInt64, encodeUint64, parseDecimal, parseInt64, parseSafeInt, parseUint64 } from './encoding.js'

const MAX_UINT64 = 2n ** 64n - 1n

describe('unsigned', () => {
  test.each<[bigint, string]>([
    [0n, '0'],
    [35n, 'z'],
    [36n, '10'],
    [36n ** 10n - 1n, 'zzzzzzzzzz'],
    [36n ** 10n, '10000000000'],
    [2n ** 53n + 1n, '2gosa7pa2gx'],
    [MAX_UINT64, '3w5e11264sgsf'],
  ])('%s is %s', (value, text) => {
    expect(encodeUint64(value)).toBe(text)
    expect(parseUint64(text)).toBe(value)
  })

  test.each([
    '',
    '00',
    '01',
    '-1',
    '+1',
    ' 1',
    '1 ',
    'Z',
    '1.0',
    '0x1',
    '1_0',
    'é',
    '3w5e11264sgsg',
    'zzzzzzzzzzzzz',
    '10000000000000',
  ])('%j is refused', (text) => expect(parseUint64(text)).toBe(undefined))

  test('round trip', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, MAX_UINT64), (value) => {
        expect(parseUint64(encodeUint64(value))).toBe(value)
      }),
    )
  })
})

test('texts that share their first digits, of different lengths and in any order', () => {
  const head = fc.bigInt(36n ** 9n, 36n ** 10n - 1n)
  const texts = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.nat()), { minLength: 2 })
  fc.assert(
    fc.property(head, head, texts, (one, other, tails) => {
      for (const [digits, tail] of tails) {
        const value = (tail % 2 === 0 ? one : other) * 36n ** BigInt(digits) + BigInt(tail % 36 ** digits)
        expect(parseUint64(encodeUint64(value))).toBe(value)
      }
    }),
  )
})

describe('signed', () => {
  test.each<[bigint, string]>([
    [0n, '0'],
    [-1n, '-1'],
    [-36n, '-10'],
    [2n ** 63n - 1n, '1y2p0ij32e8e7'],
    [-(2n ** 63n), '-1y2p0ij32e8e8'],
  ])('%s is %s', (value, text) => {
    expect(encodeInt64(value)).toBe(text)
    expect(parseInt64(text)).toBe(value)
  })

  test.each(['', '-', '-0', '--1', '+1', '-01', '1y2p0ij32e8e8', '-1y2p0ij32e8e9', 'A'])(
    '%j is refused',
    (text) => expect(parseInt64(text)).toBe(undefined),
  )
})

test('signed, as a number: the same values, as far as a double holds them', () => {
  const near = fc.integer({ min: -50, max: 50 }).map((i) => BigInt(Number.MAX_SAFE_INTEGER) + BigInt(i))
  const value = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.maxSafeInteger().map(BigInt), near)
  fc.assert(
    fc.property(value, (each) => {
      const safe = each >= -BigInt(Number.MAX_SAFE_INTEGER) && each <= BigInt(Number.MAX_SAFE_INTEGER)
      expect(parseSafeInt(encodeInt64(each))).toBe(safe ? Number(each) : undefined)
    }),
  )
  for (const text of ['', '-', '-0', '--1', '+1', '-01', '00', 'A', '1.0', '1y2p0ij32e8e8', '-1y2p0ij32e8e9'])
    expect(parseSafeInt(text)).toBe(undefined)
})

test('decimal', () => {
  for (const value of [0, 1, 10, Number.MAX_SAFE_INTEGER]) expect(parseDecimal(String(value))).toBe(value)
  for (const text of ['', '00', '01', '-1', '1.0', '1e3', ' 1', '9007199254740992', '99999999999999999'])
    expect(parseDecimal(text)).toBe(undefined)
})
