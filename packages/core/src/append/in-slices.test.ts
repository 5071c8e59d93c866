import assert from 'node:assert/strict'
import { test } from 'vitest'
import { InSlices } from './in-slices.js'

/** A clock of which every look takes a millisecond, and turns that a test lets pass. */
function machine() {
  let now = 0
  const turns: (() => void)[] = []
  return {
    runtime: {
      monotonic: () => now++,
      yield: () => new Promise<void>((resolve) => turns.push(resolve)),
    },
    turns,
    async turn() {
      turns.shift()?.()
      for (let i = 0; i < 200; i++) await undefined
    },
  }
}

test('work is done in order, a slice at a time, and the event loop gets a turn between two', async () => {
  const { runtime, turns, turn } = machine()
  const slices = new InSlices(runtime)
  const done: number[] = []
  for (let i = 0; i < 1000; i++) slices.add(() => done.push(i))
  assert.equal(done.length, 0, 'it runs in the middle of its cause')
  let told = false
  const all = slices.done().then(() => {
    told = true
  })
  await turn()
  assert.ok(done.length > 0 && done.length < 500, `${done.length} in the first slice`)
  assert.equal(told, false)
  for (let slice = 2; done.length < 1000; slice++) {
    assert.equal(turns.length, 1)
    const before = done.length
    await turn()
    assert.ok(done.length > before, `slice ${slice} does nothing`)
  }
  await all
  assert.deepEqual(done, [...Array(1000).keys()])
  assert.equal(slices.busy, false)
  await slices.done()
})

test('causes that come one by one in a turn share its slice', async () => {
  const { runtime, turns, turn } = machine()
  const slices = new InSlices(runtime)
  let done = 0
  // As timers do, each with its microtasks.
  for (let i = 0; i < 1000; i++) {
    slices.add(() => done++)
    await undefined
  }
  assert.ok(done < 500, `${done} in one turn`)
  while (turns.length > 0) await turn()
  assert.equal(done, 1000)
})

test('what is added by work in the middle runs behind all that waits', async () => {
  const { runtime, turns, turn } = machine()
  const slices = new InSlices(runtime)
  const done: string[] = []
  slices.add(() => {
    done.push('first')
    slices.add(() => done.push('third'))
  })
  slices.add(() => done.push('second'))
  await turn()
  while (turns.length > 0) await turn()
  assert.deepEqual(done, ['first', 'second', 'third'])
  // Alone, the last one adds another.
  slices.add(() => slices.add(() => done.push('fourth')))
  await turn()
  while (turns.length > 0) await turn()
  assert.equal(done.at(-1), 'fourth')
  assert.equal(slices.busy, false)
})

test('callers’ own work counts: their microtasks run before the next group', async () => {
  const { runtime, turn } = machine()
  const slices = new InSlices(runtime)
  const order: string[] = []
  for (let i = 0; i < 64; i++)
    slices.add(() => {
      order.push('work')
      void Promise.resolve().then(() => order.push('caller'))
    })
  await turn()
  assert.ok(order.indexOf('caller') < 64, 'all the work came first')
  assert.equal(order.length, 128)
})
