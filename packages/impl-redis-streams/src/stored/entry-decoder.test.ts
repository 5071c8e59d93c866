import { expect, test } from 'vitest'
import { EntryDecoder } from './entry-decoder.js'

const text = (value: string) => Buffer.concat([Buffer.from([0xa0 | value.length]), Buffer.from(value)])
const list = (...items: Buffer[]) => Buffer.concat([Buffer.from([0x90 | items.length]), ...items])
const entry = (id: string, ...fields: string[]) => list(text(id), list(...fields.map(text)))
const decode = (packed: Buffer) => new EntryDecoder('wal:{orders}').decode(packed)

test('an entry says which one it follows, or it is the one before', () => {
  const [first, second] = decode(
    list(entry('7-0', '_prev', '5-3', 'k', 'v', '_payload', 'a'), entry('7-1', '_payload', '')),
  )
  expect(first?.previous).toMatchObject({ milliseconds: 5, ordinal: 3 })
  expect(first?.message.properties).toEqual(['k', 'v'])
  expect(second?.previous).toMatchObject({ milliseconds: 7, ordinal: 0 })
  expect(second?.message).toMatchObject({ properties: [], id: { milliseconds: 7, ordinal: 1 } })
})

test('an empty reply of Lua, which does not tell a list from a map', () => {
  expect(decode(Buffer.from([0x80]))).toEqual([])
  expect(decode(Buffer.from([0x90]))).toEqual([])
})

test('what this package did not store is damage, with stream and entry', () => {
  const foreign = [
    list(entry('7-0', '_payload', 'a')),
    list(entry('7-1', 'hello', 'there')),
    list(entry('7-1', '_payload', 'a', 'k', 'v')),
    list(entry('7-1', 'k', '_payload', 'a')),
    list(entry('7-1', '_prev', 'x', '_payload', 'a')),
    list(entry('18446744073709551615-1', '_payload', 'a')),
  ]
  for (const packed of foreign)
    expect(() => decode(packed)).toThrow(
      expect.objectContaining({ code: 'WAL_CORRUPT', message: expect.stringContaining('wal:{orders}') }),
    )
})

test('cut off anywhere it is damage, never an endless loop or a wrong entry', () => {
  const whole = list(entry('7-1', 'k', 'v', '_payload', 'abc'))
  for (let length = 0; length < whole.length; length++)
    expect(() => decode(whole.subarray(0, length))).toThrow(expect.objectContaining({ code: 'WAL_CORRUPT' }))
})
