import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import type { LogRecord } from './log-record.js'
import { WriterJudge } from './writer-judge.js'

const record = (term: number, incarnation: string, timeTick: number, opening = false) =>
  ({ term, incarnation, timeTick: BigInt(timeTick), opening }) as LogRecord

/** `judge` over records, as `1` counts, `0` does not. */
const judged = (judge: WriterJudge, records: LogRecord[]) =>
  records.map((each) => (judge.counts(each) ? 1 : 0)).join('')

test('the current writer’s records count while they rise; others are duplicates', () => {
  const judge = new WriterJudge()
  const records = [
    record(0, 'a', 1, true),
    record(0, 'a', 2),
    record(0, 'a', 2),
    record(0, 'a', 1),
    record(0, 'a', 3),
  ]
  assert.equal(judged(judge, records), '11001')
  assert.equal(judge.duplicates, 2)
  assert.equal(judge.voids, 0)
  assert.deepEqual(judge.writer, { term: 0, incarnation: 'a' })
})

test('any record of a higher term makes its writer current; from then the older is void', () => {
  const judge = new WriterJudge()
  const records = [
    record(1, 'a', 5),
    record(3, 'b', 6),
    record(1, 'a', 7),
    record(2, 'c', 8, true),
    record(3, 'b', 9),
  ]
  assert.equal(judged(judge, records), '11001')
  assert.equal(judge.voids, 2)
})

test('at one term only an opening record above all that counted makes a writer current', () => {
  const judge = new WriterJudge()
  const records = [
    record(1, 'a', 5, true),
    record(1, 'b', 6),
    record(1, 'b', 5, true),
    record(1, 'b', 7, true),
    record(1, 'a', 8),
    record(1, 'a', 6, true),
    record(1, 'b', 8),
  ]
  assert.equal(judged(judge, records), '1001001')
})

test('a higher term below the last time tick takes over, but is not delivered before it is above', () => {
  const judge = new WriterJudge()
  assert.equal(
    judged(judge, [record(1, 'a', 10), record(2, 'b', 5, true), record(1, 'a', 11), record(2, 'b', 11)]),
    '1001',
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
      const whole = new WriterJudge()
      const verdicts = records.map((each) => ({
        counts: whole.counts(each),
        known: whole.writer && { writer: whole.writer, timeTick: whole.timeTick },
      }))
      let last = -1n
      for (const [i, { counts, known }] of verdicts.entries()) {
        if (!counts) continue
        assert.ok((records[i] as LogRecord).timeTick > last)
        last = (records[i] as LogRecord).timeTick
        const resumed = new WriterJudge(known as NonNullable<typeof known>)
        assert.equal(resumed.counts(records[i] as LogRecord), false, 'the record of the position again')
        for (let j = i + 1; j < records.length; j++)
          assert.equal(resumed.counts(records[j] as LogRecord), verdicts[j]?.counts)
      }
    }),
    { numRuns: 500 },
  )
})
