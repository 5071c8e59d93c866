import { expect, test } from 'vitest'
import { javaVersion } from './java.js'

test.each([
  ['openjdk version "17.0.15" 2025-04-15\n', 17],
  ['openjdk version "21" 2023-09-19\n', 21],
  ['java version "1.8.0_402"\n', 8],
  ['no such thing', undefined],
])('%j is Java %s', (printed, version) => {
  expect(javaVersion(printed)).toBe(version)
})
