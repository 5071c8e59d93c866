import { expect, test } from 'vitest'
import { CARRIED, carried, uncarried } from './carried-properties.js'

/** What the native client gives back, by its source: a map that is sorted by bytes, whose items are set on an array. */
function throughTheMap(list: readonly string[]): string[] {
  const map = new Map<string, string>()
  const cString = (text: string) => text.split('\0', 1)[0] as string
  for (let i = 0; i < list.length; i += 2) map.set(cString(list[i] as string), cString(list[i + 1] as string))
  const array: unknown[] & Record<string, string> = [] as never
  for (const [key, value] of [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    array[key as never] = value as never
  return Object.keys(array).flatMap((key) => [key, array[key] as string])
}

test.each<[string, readonly string[]]>([
  ['no property', []],
  ['one property', ['a', '1']],
  ['sorted keys', ['a', '1', 'b', '2']],
  ['keys in another order', ['b', '1', 'a', '2', 'c', '3']],
  ['twelve keys, of which some have places of two digits', [...'zyxwvutsrqpo'].flatMap((key) => [key, key])],
  ['numbers as keys, which an array puts first', ['b', '1', '10', '2', '9', '3']],
  ['sorted numbers as keys', ['10', '1', '9', '2']],
  ['the key __proto__', ['a', '1', '__proto__', '2']],
  ['the key length with a value that is no length', ['length', 'long', 'a', '1']],
  ['the key length with a length', ['length', '7']],
  ['a NUL in a value', ['a', 'x\0y']],
  ['a NUL in a key', ['a\0b', '1', 'a', '2']],
  ['an empty key', ['', '1']],
  ['an empty value', ['a', '']],
  ['a key twice', ['a', '1', 'a', '2']],
  ['a key twice, not in order', ['b', '1', 'a', '2', 'b', '3']],
  ['the reserved key itself', [CARRIED, 'o0', 'a', '1']],
  ['a lone surrogate', ['a', '\ud800']],
  ['keys whose order differs between UTF-8 and UTF-16', ['\u{1f600}', '1', '\uffee', '2']],
])('%s comes back through the native client', (_, list) => {
  expect(uncarried(throughTheMap(carried(list)))).toEqual(list)
})

test('a list that the map gives back is sent as it is', () => {
  const list = ['a', '1', 'b', '2']
  expect(carried(list)).toBe(list)
})

test('another order costs a few bytes, not the list once more', () => {
  expect(carried(['b', 'long value', 'a', 'long value']).at(-1)).toBe('o1,0')
})

test('properties that the map would damage are sent only in the list', () => {
  expect(carried(['length', 'long', 'a', '1'])).toEqual(['a', '1', CARRIED, 'l["length","long","a","1"]'])
})

test.each([
  ['another text', 'x'],
  ['no JSON', 'l{'],
  ['JSON of something else', 'l{"a":"1"}'],
  ['a list with a number', 'l["a",1]'],
  ['a list with half a property', 'l["a"]'],
  ['too few places', 'o0'],
  ['a place twice', 'o0,0'],
  ['a place that is not there', 'o0,2'],
  ['no numbers', 'oa,b'],
])('a property of the same name with %s is a property like others', (_, text) => {
  const list = ['a', '1', 'b', '2', CARRIED, text]
  expect(uncarried(list)).toEqual(list)
})
