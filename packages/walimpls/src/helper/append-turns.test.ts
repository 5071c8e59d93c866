import assert from 'node:assert/strict'
import { test } from 'vitest'
import { systemRuntime } from '../runtime/system-runtime.js'
import { AppendTurns } from './append-turns.js'

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
