import assert from 'node:assert/strict'
import { test } from 'vitest'
import { sleep } from '../../helper/sleep.js'
import { type SimulatedRuntime, simulatedRuntime } from './simulated-runtime.js'

/** The order in which 20 calls run that are due at the same time. */
async function orderOfTies(seed: number): Promise<string> {
  const runtime = simulatedRuntime({ seed })
  const order: number[] = []
  for (let i = 0; i < 20; i++) runtime.setTimeout(() => order.push(i), 5)
  await runtime.advance(5)
  assert.equal(order.length, 20)
  return order.join()
}

/** What ten loops do that sleep, yield and draw random numbers. */
async function trace(seed: number): Promise<string[]> {
  const runtime = simulatedRuntime({ seed })
  const events: string[] = []
  const loop = async (name: number) => {
    for (let i = 0; i < 10; i++) {
      if (runtime.random() < 0.5) await runtime.yield()
      else await sleep(runtime, runtime.random() * 3)
      events.push(`${name} ${runtime.elapsedMs}`)
    }
  }
  await runtime.run(Promise.all(Array.from({ length: 10 }, (_, name) => loop(name))))
  return events
}

test('the seed alone decides the order of calls that are due at the same time', async () => {
  assert.equal(await orderOfTies(1), await orderOfTies(1))
  assert.notEqual(await orderOfTies(1), await orderOfTies(2))
  assert.deepEqual(await trace(3), await trace(3))
  assert.notDeepEqual(await trace(3), await trace(4))
})

test('timers run in the order of their times, each after the promises of the one before have settled', async () => {
  const runtime = simulatedRuntime({ seed: 1, start: 1000 })
  const seen: string[] = []
  const note = (what: string) => seen.push(`${what} at ${runtime.now()}`)
  runtime.setTimeout(() => note('third'), 30)
  runtime.setTimeout(async () => {
    for (let i = 0; i < 50; i++) await null
    note('after 50 promises')
  }, 10)
  runtime.setTimeout(() => note('second'), 20)
  runtime.setTimeout(() => note('cleared'), 15).clear()
  runtime.setTimeout(() => note('never so early'), 31)
  await runtime.advance(30.5)
  assert.deepEqual(seen, ['after 50 promises at 1010', 'second at 1020', 'third at 1030'])
  assert.equal(runtime.elapsedMs, 30.5)
  await runtime.advance(1)
  assert.equal(seen.length, 4)
})

test('run moves time until its promise settles, and settles as the promise does', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const work = async () => {
    await sleep(runtime, 3_600_000)
    return 'done'
  }
  assert.equal(await runtime.run(work()), 'done')
  assert.equal(runtime.elapsedMs, 3_600_000)
  await assert.rejects(runtime.run(Promise.reject(new Error('lost'))), /lost/)
})

test('run rejects when its promise can never settle', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const never = new Promise(() => {})
  await assert.rejects(runtime.run(never), /nothing is left to do/)
  const tick = () => void runtime.setTimeout(tick, 1000)
  tick()
  await assert.rejects(runtime.run(never, { withinMs: 10_000 }), /not settled within 10000 ms/)
})

test('a second call that moves time is refused while one is under way', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const first = runtime.advance(10)
  await assert.rejects(runtime.another().advance(10), /driven already/)
  await first
  await runtime.advance(10)
})

test('a loop that only yields does not keep time from passing', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  let due = false
  runtime.setTimeout(() => {
    due = true
  }, 5)
  const busy = async () => {
    while (!due) await runtime.yield()
  }
  await runtime.run(busy())
})

test('after a leap the timers that fell due run late and in order', async () => {
  const runtime = simulatedRuntime({ seed: 1, start: 0 })
  const seen: string[] = []
  for (const ms of [20, 10]) runtime.setTimeout(() => seen.push(`${ms} at ${runtime.now()}`), ms)
  runtime.leap(100)
  assert.equal(runtime.now(), 100)
  await runtime.advance(0)
  assert.deepEqual(seen, ['10 at 100', '20 at 100'])
  // The time limit of `run` does not count leaps.
  const late = async () => {
    await sleep(runtime, 5)
    runtime.leap(5000)
    await sleep(runtime, 5)
  }
  await runtime.run(late(), { withinMs: 10 })
})

test('moving the wall clock of one process affects no timer and no other process', async () => {
  const runtime = simulatedRuntime({ seed: 1, start: 1_000_000 })
  const other: SimulatedRuntime = runtime.another()
  let calls = 0
  other.setTimeout(() => calls++, 50)
  runtime.moveWallClock(-400_000)
  assert.equal(runtime.now(), 600_000)
  assert.equal(runtime.monotonic(), 0)
  assert.equal(other.now(), 1_000_000)
  await runtime.advance(49)
  assert.equal(calls, 0)
  await runtime.advance(1)
  assert.equal(calls, 1)
  assert.equal(other.now(), 1_000_050)
  assert.notEqual(runtime.random(), other.random())
})

test('a simulated runtime without the option `files` refuses to give files', () => {
  assert.throws(() => simulatedRuntime({ seed: 1 }).files, { code: 'WAL_INVALID_ARGUMENT' })
})
