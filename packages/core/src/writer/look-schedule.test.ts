import assert from 'node:assert/strict'
import { simulatedRuntime } from '@wal/walimpls/testing'
import { test } from 'vitest'
import { LookSchedule, MAX_INTERVALS } from './look-schedule.js'

const EVERY = 1000

/** A writer in virtual time whose `state` changes with each append. */
function idleLog(seed: number, time = simulatedRuntime({ seed })) {
  const looks: number[] = []
  const log = { state: 0, looks, time, schedule: undefined as unknown as LookSchedule }
  log.schedule = new LookSchedule({
    runtime: time,
    everyMs: EVERY,
    state: () => log.state,
    look: async () => void looks.push(time.elapsedMs),
  })
  return log
}

const intervalsOf = (looks: readonly number[], from = 0) =>
  looks.map((at, i) => at - (i === 0 ? from : (looks[i - 1] as number)))

test('while nothing changes the intervals double, up to sixteen times the shortest', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { looks, time } = idleLog(seed)
    await time.advance(200 * EVERY)
    for (const [i, interval] of intervalsOf(looks).entries()) {
      const longest = EVERY * Math.min(MAX_INTERVALS, 2 ** (i + 1))
      assert.ok(interval >= longest / 2 && interval <= longest, `interval ${i} of seed ${seed}: ${interval}`)
    }
    assert.ok(looks.length >= 200 / MAX_INTERVALS)
  }
})

test('after an append a look comes within the shortest interval, and they become rarer again from there', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const log = idleLog(seed)
    await log.time.advance(100 * EVERY)
    const before = log.looks.length
    log.state++
    const appended = log.time.elapsedMs
    await log.time.advance(30 * EVERY)
    const [first = 0, second = 0, third = 0] = intervalsOf(log.looks.slice(before), appended)
    assert.ok(first <= EVERY, `${first} after the append`)
    assert.ok(second >= EVERY && second <= 2 * EVERY, `then ${second}`)
    assert.ok(third >= 2 * EVERY && third <= 4 * EVERY, `then ${third}`)
  }
})

test('a thousand logs that were opened at once spread their looks, and look more rarely the longer they are idle', async () => {
  const time = simulatedRuntime({ seed: 7 })
  const logs = Array.from({ length: 1000 }, (_, i) => idleLog(i, time))
  await time.advance(60 * EVERY)
  const looks = logs.flatMap((log) => log.looks)
  const between = (from: number, to: number) =>
    looks.filter((at) => at >= from * EVERY && at < to * EVERY).length
  const slots = new Map<number, number>()
  for (const at of looks) slots.set(Math.floor(at / 50), (slots.get(Math.floor(at / 50)) ?? 0) + 1)
  // 1,000 checks that are spread evenly over one second are 50 in 50 ms.
  assert.ok(Math.max(...slots.values()) < 90, `${Math.max(...slots.values())} in 50 ms`)
  assert.equal(between(0, 1), 0)
  assert.ok(between(10, 20) / 10 < 250, `${between(10, 20)} looks in ten seconds`)
  assert.ok(between(40, 60) / 20 < 110, `${between(40, 60)} looks in twenty seconds`)
})

test('one look at a time, none after close, and none at all for 0', async () => {
  const time = simulatedRuntime({ seed: 1 })
  let looking = 0
  let most = 0
  let looks = 0
  const options = {
    runtime: time,
    state: () => 0,
    look: async () => {
      looks++
      most = Math.max(most, ++looking)
      await new Promise<void>((resolve) => time.setTimeout(resolve, 50 * EVERY))
      looking--
    },
  }
  const schedule = new LookSchedule({ ...options, everyMs: EVERY })
  new LookSchedule({ ...options, everyMs: 0 })
  await time.advance(500 * EVERY)
  assert.equal(most, 1)
  assert.ok(looks > 5)
  schedule.close()
  const before = looks
  await time.advance(500 * EVERY)
  assert.equal(looks, before)
})
