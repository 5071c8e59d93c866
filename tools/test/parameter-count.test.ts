import { dirname } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readFiles, SOURCES } from '../architecture/file-map.js'
import { longParameterLists } from '../architecture/parameter-count.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Folders with longer lists, which are still to become shorter. A folder that has none any more leaves this list. */
const STILL_LONGER: string[] = [
  'packages/core/src/append',
  'packages/core/src/diagnostics',
  'packages/core/src/interceptor',
  'packages/core/src/message',
  'packages/core/src/read',
  'packages/impl-file/src',
  'packages/impl-redis-streams/src/client',
  'packages/impl-redis-streams/src/scripts',
  'packages/walimpls/src/testing',
]

describe('the packages', () => {
  const found = longParameterLists(readFiles(root, SOURCES))
  const folderOf = (violation: string) => dirname(violation.slice(0, violation.indexOf(':')))

  test('have no function with more than three parameters', () => {
    expect(found.filter((each) => !STILL_LONGER.includes(folderOf(each)))).toEqual([])
  })

  test('are listed as exceptions only where there is one', () => {
    const folders = new Set(found.map(folderOf))
    expect(STILL_LONGER.filter((folder) => !folders.has(folder))).toEqual([])
  })
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
