import assert from 'node:assert/strict'
import { expectTypeOf, test } from 'vitest'
import type {
  Delivery,
  Gap,
  Message,
  OrderViolation,
  ReadOptions,
  Scanner,
  ScannerElement,
  TimeTickMark,
  WAL,
} from '../src/index.js'
import { cleanLogs, collect, message, open } from './harness.js'

cleanLogs()

type Given<S> = S extends Scanner<infer D> ? D : never

// The type check of the repository covers this test. A wrong type fails there.
test('H158: the element type of a scanner covers what its options may ask for, also when the options are in a variable', async () => {
  const wal = await open()
  await wal.append(message('x'))
  await wal.barrier()

  const inVariable = { timeTicks: true, until: 'end' as const }
  const scanner = wal.read(inVariable)
  expectTypeOf<Given<typeof scanner>>().toEqualTypeOf<Message | TimeTickMark>()
  const elements = await collect(scanner)
  assert.ok(elements.some(({ kind }) => kind === 'timeTick'))
  for (const element of elements) if (element.kind === 'timeTick') assert.equal(element.payload.length, 0)

  const declared: ReadOptions = { until: 'end' }
  const whole = wal.read(declared)
  expectTypeOf<Given<typeof whole>>().toEqualTypeOf<ScannerElement>()
  assert.equal((await collect(whole)).length, 1)
})

test('options that are written in the call give exactly the element type that they ask for', () => {
  const types = (wal: WAL, timeTicks: boolean, gaps: 'reject' | 'deliver') => {
    const plain = wal.read()
    expectTypeOf<Given<typeof plain>>().toEqualTypeOf<Message>()
    const empty = wal.read({})
    expectTypeOf<Given<typeof empty>>().toEqualTypeOf<Message>()
    const filtered = wal.read({ vchannel: 'v', types: [5000], until: 'end' })
    expectTypeOf<Given<typeof filtered>>().toEqualTypeOf<Message>()
    const refused = wal.read({ timeTicks: false, gaps: 'reject', orderViolations: 'reject' })
    expectTypeOf<Given<typeof refused>>().toEqualTypeOf<Message>()
    const marks = wal.read({ timeTicks: true })
    expectTypeOf<Given<typeof marks>>().toEqualTypeOf<Message | TimeTickMark>()
    const all = wal.read({ timeTicks: true, gaps: 'deliver', orderViolations: 'deliver' })
    expectTypeOf<Given<typeof all>>().toEqualTypeOf<ScannerElement>()
    const undecided = wal.read({ timeTicks, gaps })
    expectTypeOf<Given<typeof undecided>>().toEqualTypeOf<Message | TimeTickMark | Gap>()
    const either = wal.read(timeTicks ? { timeTicks: true } : { orderViolations: 'deliver' })
    expectTypeOf<Given<typeof either>>().toEqualTypeOf<Message | TimeTickMark | OrderViolation>()
    const spread = wal.read({ until: 'end', ...(timeTicks ? { timeTicks: true } : {}) })
    expectTypeOf<Given<typeof spread>>().toEqualTypeOf<Message | TimeTickMark>()
  }
  expectTypeOf<Delivery>().toEqualTypeOf<Message>()
  expectTypeOf<Delivery<ReadOptions>>().toEqualTypeOf<ScannerElement>()
  // A time tick mark has some fields of a message. Its type must not be that of a message.
  expectTypeOf<TimeTickMark>().not.toExtend<Message>()
  assert.equal(typeof types, 'function')
})
