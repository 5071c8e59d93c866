import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readFiles, SOURCES } from '../architecture/file-map.js'
import { privateKeywords } from '../architecture/private-members.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('private members of the packages are # members', () => {
  expect(privateKeywords(readFiles(root, SOURCES))).toEqual([])
})

describe('the search for private members', () => {
  const check = (text: string) => privateKeywords(new Map([['packages/core/src/log/a.ts', text]]))

  test.each([
    'class A { private readonly log = 1 }',
    'class A { private read() {} }',
    'class A { private get end() { return 1 } }',
    'class A { private static count = 0 }',
    'class A { constructor(private readonly log: string) {} }',
    'const a = class { private log = 1 }',
  ])('finds %s', (text) => {
    expect(check(text)).toEqual(['packages/core/src/log/a.ts:1: declared private, make it a # member'])
  })

  test.each([
    'class A { #log = 1; readonly id = 1; protected during() {} }',
    'class A { private constructor() {} }',
    "// private log\nconst text = 'private log'",
  ])('passes %s', (text) => {
    expect(check(text)).toEqual([])
  })
})
