import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeProperties,
  encodeProperties,
  packedBytes,
  packedTextBytes,
  propertiesBound,
  readProperties,
  writeLength,
  writeProperties,
} from '../message/property-codec.js'
import { numberIdCodec } from './number-id.js'
import { abortable, onAbort } from './on-abort.js'

describe('packed properties', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ maxLength: 300 }),
    fc.constantFrom(
      '',
      '_tt',
      '__proto__',
      'é'.repeat(64),
      'x'.repeat(127),
      'x'.repeat(128),
      'x'.repeat(20_000),
    ),
  )
  const lists = fc.array(fc.tuple(text, text), { maxLength: 20 }).map((pairs) => pairs.flat())

  test('round trip, within the bound, at any offset', () => {
    fc.assert(
      fc.property(lists, fc.nat(9), (list, offset) => {
        const packed = encodeProperties(list)
        expect(packed.length).toBeLessThanOrEqual(propertiesBound(list))
        expect(decodeProperties(packed)).toEqual(list)
        const plain = new Uint8Array(offset + propertiesBound(list))
        const end = writeProperties(plain, offset, list)
        expect(readProperties(plain, offset)).toEqual({ properties: list, end })
        expect(packedBytes(list)).toBe(packed.length)
        const start = writeLength(plain, offset, list.length)
        expect(packedTextBytes(plain.subarray(start, end), list.length)).toBe(
          Buffer.byteLength(list.join('')),
        )
      }),
    )
  })

  test('any damage is corrupt or other text, never anything else', () => {
    fc.assert(
      fc.property(
        lists,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (list, where, change, cut) => {
          const packed = Uint8Array.from(encodeProperties(list))
          const at = where % packed.length
          if (cut)
            expect(() => decodeProperties(packed.subarray(0, at))).toThrow(
              expect.objectContaining({ code: 'WAL_CORRUPT' }),
            )
          packed[at] = (packed[at] as number) ^ change
          try {
            expect(decodeProperties(packed).every((each) => typeof each === 'string')).toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ code: 'WAL_CORRUPT' })
          }
        },
      ),
    )
    for (const bytes of [
      [],
      [1, 0],
      [2, 0],
      [2, 0, 0, 0],
      [255, 255, 255, 255, 255, 255],
      [128],
      [254, 255, 255, 255, 15],
    ])
      expect(() => decodeProperties(Uint8Array.from(bytes))).toThrow(
        expect.objectContaining({ code: 'WAL_CORRUPT' }),
      )
  })
})

describe('number ids', () => {
  const codec = numberIdCodec('test')
  const { MAX_SAFE_INTEGER } = Number

  test('text form and order', () => {
    for (const value of [0, 1, -1, 35, 36, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER]) {
      const id = codec.parse(codec.serialise(codec.of(value)))
      expect([id.value, id.backend, codec.numberOf(id)]).toEqual([value, 'test', value])
    }
    expect(codec.compare(codec.of(-MAX_SAFE_INTEGER), codec.of(MAX_SAFE_INTEGER))).toBeLessThan(0)
    expect(codec.compare(codec.of(3), codec.of(3))).toBe(0)
    expect(`${codec.of(40)} ${JSON.stringify(codec.of(40))}`).toBe('40 "40"')
  })

  test.each([[[5, 6, 7]], [[-1, 0, 1]], [[5]], [[5, 7, 8]], [[5, 6, 6]]])(
    '%j, packed, are the same ids',
    (values) => {
      const packed = codec.pack?.(values.map(codec.of))
      expect(values.map((_, i) => packed?.at(i))).toEqual(values.map(codec.of))
    },
  )

  test.each([
    '',
    ' 1',
    '1 ',
    '01',
    '-0',
    '-',
    '+1',
    'A',
    '1.5',
    '2gosa7pa2gw',
    '-2gosa7pa2gw',
    'zzzzzzzzzzzz',
  ])('%j is no id', (text) => {
    expect(() => codec.parse(text)).toThrow(expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' }))
  })

  test('an id of another backend throws', () => {
    const other = numberIdCodec('other').of(1)
    for (const use of [
      () => codec.compare(other, codec.of(1)),
      () => codec.compare(codec.of(1), other),
      () => codec.serialise(other),
      () => codec.numberOf(other),
    ])
      expect(use).toThrow(expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' }))
  })
})

describe('onAbort', () => {
  test('one listener for any number of callers, none after the last has left', () => {
    const { signal } = new AbortController()
    const stops = Array.from({ length: 50 }, () => onAbort(signal, () => {}))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    for (const stop of stops) stop()
    for (const stop of stops) stop()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    onAbort(signal, () => {})()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('calls back once with the reason, at once if it was aborted before, not after stop', () => {
    const controller = new AbortController()
    const got: unknown[] = []
    onAbort(controller.signal, (reason) => got.push(['a', reason]))
    const stopB = onAbort(controller.signal, (reason) => got.push(['b', reason]))
    onAbort(controller.signal, () => stopC())
    const stopC = onAbort(controller.signal, (reason) => got.push(['c', reason]))
    stopB()
    controller.abort('why')
    onAbort(controller.signal, (reason) => got.push(['d', reason]))
    expect(got).toEqual([
      ['a', 'why'],
      ['d', 'why'],
    ])
  })

  test('abortable settles with whichever is first and leaves nothing', async () => {
    const controller = new AbortController()
    const { signal } = controller
    expect(await abortable(Promise.resolve(1), signal)).toBe(1)
    await expect(abortable(Promise.reject('no'), signal)).rejects.toBe('no')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const late = abortable(new Promise((_, reject) => setTimeout(reject, 5, 'too late')), signal)
    controller.abort('why')
    await expect(late).rejects.toBe('why')
    await expect(abortable(new Promise(() => {}), signal)).rejects.toBe('why')
    await new Promise((resolve) => setTimeout(resolve, 10))
  })
})
