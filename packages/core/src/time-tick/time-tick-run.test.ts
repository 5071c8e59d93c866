import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { TimeTickRun } from './time-tick-run.js'

test('a run gives the texts of consecutive ticks, as BigInt would', () => {
  const first = fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1000n }),
    // Right before a carry, over one digit or many.
    fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 80 })).map(([digits, below]) => {
      const value = 36n ** BigInt(digits) - BigInt(below)
      return value < 0n ? 0n : value
    }),
  )
  fc.assert(
    fc.property(first, fc.integer({ min: 1, max: 200 }), (start, count) => {
      const run = new TimeTickRun()
      run.start(start)
      for (let i = 0n; i < count; i++) {
        const text = String.fromCharCode(...run.digits.subarray(0, run.length))
        assert.equal(text, (start + i).toString(36))
        assert.equal(run.timeTick, start + i)
        run.advance()
      }
    }),
    { numRuns: 500 },
  )
})
