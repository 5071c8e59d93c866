import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readArguments } from '../repeat-arguments.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('so many rounds of what the filters name', () => {
  expect(readArguments(['3', 'core/test', 'frame'])).toEqual({
    rounds: 3,
    filters: ['core/test', 'frame'],
    configuration: 'vitest.config.ts',
  })
})

test('tests that start servers run with their own configuration, and not together with others', () => {
  expect(readArguments(['10', 'redis-streams/test/conformance.server'])).toMatchObject({
    rounds: 10,
    configuration: 'vitest.servers.config.ts',
  })
  expect(readArguments(['10', 'redis-streams/test/conformance.server', 'frame'])).toEqual({
    problem: expect.stringContaining('together'),
  })
})

test('without a filter the conformance tests, each of which is there: vitest would leave out in silence one that is not', () => {
  const { filters = [] } = readArguments(['10'])
  expect(filters.length).toBeGreaterThan(1)
  for (const file of filters) expect(existsSync(join(root, file)), file).toBe(true)
})

test.each([[], ['0'], ['-1'], ['1.5'], ['ten'], ['10001'], ['2', '--bail']])('refused: %s', (...given) => {
  expect(readArguments(given)).toEqual({ problem: expect.any(String) })
})
