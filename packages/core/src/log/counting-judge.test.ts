import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { CountingJudge } from './counting-judge.js'
import { DuplicateJudge } from './duplicate-judge.js'
import type { LogRecord } from './log-record.js'
import { VoidJudge } from './void-judge.js'

const record = (term: number, incarnation: string, timeTick: number, opening = false) =>
  ({ term, incarnation, timeTick: BigInt(timeTick), opening }) as LogRecord

/** One letter for each record: `1` if the record counts, `v` if it is void, `c` if it is a second copy. */
function judged(records: LogRecord[]): string {
  const voids = new VoidJudge()
  const duplicates = new DuplicateJudge()
  const both = new CountingJudge()
  return records
    .map((record) => {
      const verdict = voids.isVoid(record) ? 'v' : duplicates.isCopy(record) ? 'c' : '1'
      assert.equal(both.counts(record), verdict === '1')
      assert.deepEqual([both.writer, both.timeTick], [voids.writer, duplicates.timeTick])
      return verdict
    })
    .join('')
}

test('the current writer’s records count while their time ticks rise, and the others are second copies', () => {
  const judge = new CountingJudge()
  judge.counts(record(0, 'a', 1, true))
  assert.deepEqual(judge.writer, { term: 0, incarnation: 'a' })
  const records = [
    record(0, 'a', 1, true),
    record(0, 'a', 2),
    record(0, 'a', 2),
    record(0, 'a', 1),
    record(0, 'a', 3),
  ]
  assert.equal(judged(records), '11cc1')
})

test('any record of a higher term makes its writer current; from then the older is void', () => {
  const records = [
    record(1, 'a', 5),
    record(3, 'b', 6),
    record(1, 'a', 7),
    record(2, 'c', 8, true),
    record(3, 'b', 9),
  ]
  assert.equal(judged(records), '11vv1')
})

test('at one term only an opening record above all that counted makes a writer current', () => {
  const records = [
    record(1, 'a', 5, true),
    record(1, 'b', 6),
    record(1, 'b', 5, true),
    record(1, 'b', 7, true),
    record(1, 'a', 8),
    record(1, 'a', 6, true),
    record(1, 'b', 8),
  ]
  assert.equal(judged(records), '1vv1vv1')
})

test('a higher term below the last time tick takes over, but is not delivered before it is above', () => {
  assert.equal(
    judged([record(1, 'a', 10), record(2, 'b', 5, true), record(1, 'a', 11), record(2, 'b', 11)]),
    '1cv1',
  )
})

test('behind a hole the writer of the next record is the current one, unless its term is lower', () => {
  const judge = new CountingJudge({ writer: { term: 2, incarnation: 'a' }, timeTick: 10n })
  judge.passHole()
  const records = [record(1, 'z', 12), record(2, 'b', 9), record(2, 'b', 11), record(2, 'a', 12)]
  assert.deepEqual(
    records.map((each) => judge.counts(each)),
    [false, false, true, false],
  )
})

test('one that starts in the middle, from a position, judges alike', () => {
  const writer = fc.constantFrom('a', 'b', 'c')
  const one = fc.tuple(fc.integer({ min: 0, max: 3 }), writer, fc.integer({ min: 0, max: 40 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(one, { maxLength: 40 }), (parts) => {
      const records = parts.map(([term, incarnation, tick, opening]) =>
        record(term, incarnation, tick, opening),
      )
      const whole = new CountingJudge()
      const verdicts = records.map((each) => ({
        counts: whole.counts(each),
        known: whole.writer && { writer: whole.writer, timeTick: whole.timeTick },
      }))
      let last = -1n
      for (const [i, { counts, known }] of verdicts.entries()) {
        if (!counts) continue
        assert.ok((records[i] as LogRecord).timeTick > last)
        last = (records[i] as LogRecord).timeTick
        const resumed = new CountingJudge(known as NonNullable<typeof known>)
        assert.equal(resumed.counts(records[i] as LogRecord), false, 'the record of the position again')
        for (let j = i + 1; j < records.length; j++)
          assert.equal(resumed.counts(records[j] as LogRecord), verdicts[j]?.counts)
      }
    }),
    { numRuns: 500 },
  )
})
