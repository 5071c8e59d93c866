import { expect, test } from 'vitest'
import { recordBytes } from './record-bytes.js'
import { isWellFormed } from './text.js'
import { LOGICAL_LIMIT, MAX_TIME_TICK, millisecondsOf, timeTickOf } from './time-tick.js'
import { userPropertyList, userPropertyMap } from './user-properties.js'

test('a time tick is milliseconds and a counter', () => {
  expect(timeTickOf(1)).toBe(262_144n)
  expect(timeTickOf(1, 5)).toBe(262_149n)
  const now = 1_790_000_000_000
  expect(millisecondsOf(timeTickOf(now, LOGICAL_LIMIT - 1))).toBe(now)
  expect(timeTickOf(now, LOGICAL_LIMIT - 1) < timeTickOf(now + 1)).toBe(true)
  expect(timeTickOf(2 ** 46 - 1, LOGICAL_LIMIT - 1)).toBe(MAX_TIME_TICK)
})

test('record bytes count payload, keys and values', () => {
  expect(recordBytes({ payload: new Uint8Array(3), properties: ['ab', 'c', '', ''] })).toBe(6)
})

test('H161: record bytes are bytes, not UTF-16 units, whatever the length and the script', () => {
  for (const [unit, size] of [
    ['a', 1],
    ['é', 2],
    ['界', 3],
    ['🗝', 4],
  ] as const)
    for (const count of [0, 1, 31, 32, 64, 65, 1000]) {
      const properties = [unit.repeat(count), `${'a'.repeat(count)}${unit}`]
      expect(recordBytes({ payload: new Uint8Array(1), properties })).toBe(1 + size * (count + 1) + count)
    }
})

test('well-formed text', () => {
  for (const text of ['', 'a', 'é', '🗝', '\0', '\uffff', 'a🗝b']) expect(isWellFormed(text)).toBe(true)
  for (const text of ['\ud800', 'a\udc00', '\udc00\ud800', '🗝\ud83d']) expect(isWellFormed(text)).toBe(false)
})

test('user properties in and out, whatever their names', () => {
  const properties = new Map([
    ['__proto__', '1'],
    ['constructor', ''],
    ['🗝', 'é\0'],
  ])
  const list = userPropertyList(properties)
  expect(userPropertyMap([...list.slice(0, 2), '_tt', 'zz', ...list.slice(2)])).toEqual(properties)
})

test.each<[unknown, string]>([
  [{ a: 'b' }, 'a Map of text to text'],
  [undefined, 'a Map of text to text'],
  [null, 'a Map of text to text'],
  [[['a', 'b']], 'a Map of text to text'],
  [new Map([['', 'b']]), 'non-empty text'],
  [new Map([[1, 'b']]), 'non-empty text, got 1'],
  [new Map([['_tt', 'b']]), 'must not begin with "_"'],
  [new Map([['__x', 'b']]), 'must not begin with "_"'],
  [new Map([['a', 1]]), 'property "a" must be text, got 1'],
  [new Map([['a', undefined]]), 'property "a" must be text'],
  [new Map([['a', '\ud800']]), 'well-formed'],
  [new Map([['\ud800', 'a']]), 'well-formed'],
])('properties %j are refused', (properties, text) => {
  expect(() => userPropertyList(properties as Map<string, string>)).toThrow(
    expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT', message: expect.stringContaining(text) }),
  )
})

test('a Map of the user’s own making that hides some of its properties has the others', () => {
  class Hiding extends Map<string, string> {
    override *[Symbol.iterator]() {
      for (const each of super.entries()) if (each[1] !== 'hidden') yield each
      return undefined
    }
  }
  const properties = new Hiding([
    ['a', 'hidden'],
    ['b', 'shown'],
  ])
  expect(userPropertyList(properties)).toEqual(['b', 'shown'])
})
