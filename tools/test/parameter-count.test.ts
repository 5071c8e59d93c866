import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readFiles, SOURCES } from '../architecture/file-map.js'
import { longParameterLists } from '../architecture/parameter-count.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the packages have no function with more than three parameters', () => {
  expect(longParameterLists(readFiles(root, SOURCES))).toEqual([])
})

describe('the search for long lists of parameters', () => {
  const check = (text: string) => longParameterLists(new Map([['packages/core/src/log/a.ts', text]]))

  test.each([
    'function f(a: 1, b: 2, c: 3, d: 4) {}',
    'const f = (a: 1, b: 2, c: 3, d = 4) => {}',
    'class A { #f(a: 1, b: 2, c: 3, ...d: 4[]) {} }',
    'class A { constructor(a: 1, b: 2, c: 3, d: 4) {} }',
    'interface A { f(a: 1, b: 2, c: 3, d: 4): void }',
    'type F = (a: 1, b: 2, c: 3, d: 4) => void',
  ])('finds %s', (text) => {
    expect(check(text)).toEqual(['packages/core/src/log/a.ts:1: 4 parameters, the limit is 3'])
  })

  test('passes three, and a function with `this`', () => {
    expect(
      check('function f(a: 1, b: 2, { c, d, e }: 3) {}\nfunction g(this: 0, a: 1, b: 2, c: 3) {}'),
    ).toEqual([])
  })
})
