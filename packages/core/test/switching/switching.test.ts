import assert from 'node:assert/strict'
import { test } from 'vitest'
import { Counters } from './counters.js'
import { Schedule } from './schedule.js'

const given = process.env.WAL_TEST_SEED
const SEED = Number(given ?? Math.floor(Math.random() * 2 ** 31))
const SCHEDULES = Number(process.env.WAL_TEST_SCHEDULES ?? (given === undefined ? 300 : 1))
/** How often each event has to happen: thousands of times in 10,000 schedules. */
const LEAST = SCHEDULES >= 10_000 ? 2000 : 1
/** With fewer schedules an event may be missing by chance. */
const ENOUGH_SCHEDULES = 100
const PROGRESS = 1000

test(`scanners that change between backend and buffer miss nothing and give nothing twice: ${SCHEDULES} schedules from WAL_TEST_SEED=${SEED}`, {
  timeout: 600_000 + SCHEDULES * 1000,
}, async () => {
  const counters = new Counters()
  for (let i = 0; i < SCHEDULES; i++) {
    const seed = SEED + i
    try {
      await new Schedule(seed, counters).run()
    } catch (error) {
      console.error(
        `schedule ${i + 1} failed; only this one: WAL_TEST_SEED=${seed} npm run test:unit -- packages/core/test/switching`,
      )
      throw error
    }
    if ((i + 1) % PROGRESS === 0) console.log(`${i + 1} schedules. ${counters}`)
  }
  if (SCHEDULES % PROGRESS !== 0) console.log(`${SCHEDULES} schedules. ${counters}`)
  if (SCHEDULES >= ENOUGH_SCHEDULES)
    assert.ok(counters.lowest >= LEAST, `an event happened less than ${LEAST} times: ${counters}`)
})

test('the same seed gives the same run of a schedule', async () => {
  const run = async (seed: number) => {
    const counters = new Counters()
    await new Schedule(seed, counters).run()
    return String(counters)
  }
  assert.equal(await run(SEED), await run(SEED))
  assert.notEqual(await run(SEED), await run(SEED + 1))
})
