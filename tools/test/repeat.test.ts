import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readArguments } from '../repeat-arguments.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('a number of rounds, and filters for the test files', () => {
  expect(readArguments(['3', 'core/test', 'frame'])).toEqual({
    rounds: 3,
    filters: ['core/test', 'frame'],
    configuration: 'vitest.config.ts',
  })
})

test('tests that start servers run with their own configuration, and cannot be repeated together with others', () => {
  expect(readArguments(['10', 'redis-streams/test/conformance.server'])).toMatchObject({
    rounds: 10,
    configuration: 'vitest.servers.config.ts',
  })
  expect(() => readArguments(['10', 'redis-streams/test/conformance.server', 'frame'])).toThrow('together')
})

// Vitest is silent about a filter that matches no file, when another filter matches one.
test('without a filter the conformance tests run, and each of their files exists', () => {
  const { filters } = readArguments(['10'])
  expect(filters.length).toBeGreaterThan(1)
  for (const file of filters) expect(existsSync(join(root, file)), file).toBe(true)
})

test.each([
  [[], 'ROUNDS is missing'],
  [['0'], '"0" is not a number of rounds'],
  [['-1'], "Unknown option '-1'"],
  [['1.5'], '"1.5" is not a number of rounds'],
  [['ten'], '"ten" is not a number of rounds'],
  [['10001'], '"10001" is not a number of rounds'],
  [['2', '--bail'], "Unknown option '--bail'"],
])('%j is refused: %s', (words, reason) => {
  expect(() => readArguments(words)).toThrow(reason)
})
