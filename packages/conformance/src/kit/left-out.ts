import assert from 'node:assert/strict'
import type { ConformanceTest } from './part.js'

/**
 * What is not asked of a backend: `part: name` of each test, or `part` where it is all of one. The backend's test file
 * names it, so that nothing is left out unseen, and nothing any more that has become its to keep.
 */
export function assertLeftOut(tests: readonly ConformanceTest[], named: readonly string[]): void {
  const leftOut = tests.filter(({ unless }) => unless !== undefined)
  const whole = new Set(
    leftOut
      .map(({ part }) => part)
      .filter((part) => tests.every((each) => each.part !== part || each.unless)),
  )
  const names = leftOut.map(({ part, name }) => (whole.has(part) ? part : `${part}: ${name}`))
  const reasons = leftOut.map(({ part, name, unless }) => `${part}: ${name}: ${unless}`)
  assert.deepEqual(
    [...named].sort(),
    [...new Set(names)].sort(),
    `leftOut has to name what does not apply to this backend:\n${reasons.join('\n')}`,
  )
}
