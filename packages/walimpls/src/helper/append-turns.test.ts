import assert from 'node:assert/strict'
import { test } from 'vitest'
import { systemRuntime } from '../runtime/system-runtime.js'
import { AppendTurns } from './append-turns.js'
import { Lifetime } from './lifetime.js'
import { notWritten } from './not-written.js'

test('one at a time, in call order', async () => {
  const turns = new AppendTurns()
  const seen: string[] = []
  const store = (name: string) => async () => {
    seen.push(`${name} begins`)
    await systemRuntime.yield()
    seen.push(`${name} ends`)
    return name
  }
  assert.deepEqual(await Promise.all([turns.run(store('a')), turns.run(store('b'))]), ['a', 'b'])
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'b ends'])
})

test('what was handed in before one failed is turned away; what comes later is stored', async () => {
  const turns = new AppendTurns()
  let stored = 0
  const failing = turns.run(() => Promise.reject(new Error('disk')))
  const behind = turns.run(async () => stored++)
  await assert.rejects(failing, /disk/)
  await assert.rejects(behind, { code: 'WAL_UNAVAILABLE', outcome: 'not-written' })
  assert.equal(stored, 0)
  assert.equal(await turns.run(async () => 'again'), 'again')
})

test('a refusal comes behind those in flight, and what is handed in until then is turned away with it', async () => {
  const turns = new AppendTurns()
  const settled: string[] = []
  const note = (name: string) => () => settled.push(name)
  const stored = turns.run(() => systemRuntime.yield()).then(note('stored'))
  const refused = turns.refuse(notWritten('WAL_MESSAGE_TOO_LARGE', 'too large')).catch(note('refused'))
  const behind = turns.run(async () => {}).catch(note('behind'))
  await Promise.all([stored, refused, behind])
  assert.deepEqual(settled, ['stored', 'refused', 'behind'])
})

test('a log takes only so many batches at once, and none after its close', async () => {
  const lifetime = new Lifetime({ what: 'The log orders' })
  const turns = new AppendTurns({ lifetime, maxInFlightBatches: 1 })
  const store = () => systemRuntime.yield()
  const first = turns.run(store)
  await assert.rejects(turns.run(store), { code: 'WAL_INVALID_ARGUMENT', outcome: 'not-written' })
  await first
  await turns.run(store)
  await lifetime.close()
  await assert.rejects(turns.run(store), {
    code: 'WAL_CLOSED',
    outcome: 'not-written',
    message: 'The log orders is closed.',
  })
})
