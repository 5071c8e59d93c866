import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { Child } from '../child-process.js'
import { allowedGrowthMiB, heapArguments } from './memory-promise.js'

/** The long run has a thousand readers, and larger numbers of everything else in proportion. */
const READERS = Number(process.env.WAL_TEST_FAN_OUT ?? 300)
const LONG = process.env.WAL_TEST_FAN_OUT !== undefined
const BUDGET_MIB = 64
const TIMEOUT_MS = 600_000

async function report<Report>(name: string, ...parameters: (string | number)[]): Promise<Report> {
  const script = new URL(`./fan-out/${name}.ts`, import.meta.url)
  const child = new Child(script, parameters.map(String), ['--expose-gc', ...heapArguments(LONG)])
  try {
    assert.equal(await child.ended(), 0)
  } finally {
    await child.kill()
  }
  return JSON.parse(child.lines.at(-1) as string)
}

function tell(what: string, figure: string, target: string): void {
  console.log(`${what}: ${figure}; target: ${target}`)
}

test('H175: any number of readers that are behind and stopped stay within the byte budget of their WAL', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wal-readers-'))
  try {
    const figures = await report<Record<string, number>>('readers', folder, READERS, LONG ? 300_000 : 100_000)
    const { beforeMiB = 0, stoppedMiB = 0, beforeRssMiB = 0, stoppedRssMiB = 0 } = figures
    const { wrong, startRssMiB, maxRssMiB } = figures
    const held = stoppedMiB - beforeMiB
    tell(
      `${READERS} stopped readers`,
      `RSS ${stoppedRssMiB} MiB, ${stoppedRssMiB - beforeRssMiB} MiB above that without them; ${held} MiB held by them`,
      `at most ${BUDGET_MIB} MiB`,
    )
    assert.equal(wrong, 0)
    // Compare the memory that is held, not the resident set: on a busy machine that includes garbage which V8 has not returned yet.
    assert.ok(held <= BUDGET_MIB, `stopped readers hold ${held} MiB, allowed are ${BUDGET_MIB}`)
    const growth = (maxRssMiB ?? 0) - (startRssMiB ?? 0)
    const allowed = allowedGrowthMiB(LONG)
    assert.ok(growth <= allowed, `the resident set grew by ${growth} MiB, allowed are ${allowed}`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test(
  'a hundred scanners of a read-only WAL are each given every message',
  async () => {
    const messages = LONG ? 40_000 : 4000
    const [one, hundred] = [
      await report<Record<string, number>>('read-only-scanners', 1, messages),
      await report<Record<string, number>>('read-only-scanners', 100, messages),
    ]
    const micros = [one, hundred].map(({ cpuMicros = 0 }) => cpuMicros)
    const [alone = 0, among = 0] = micros
    tell(
      'CPU for each message delivered',
      `${alone.toFixed(1)} µs to 1 read-only scanner, ${among.toFixed(1)} µs to 100, ${(among / alone).toFixed(2)} times`,
      'at most 3 times',
    )
    assert.deepEqual([one.delivered, hundred.delivered], [messages, messages])
  },
  TIMEOUT_MS,
)

test(
  'each of many appends that are given up at once settles, and each token is resolved',
  async () => {
    const counts = LONG ? [20_000, 10_000] : [2000]
    for (const count of counts) {
      const { longestPauseMs, resolveCpuMs, outcomes } = await report<{
        longestPauseMs: number
        resolveCpuMs: number
        outcomes: Record<string, number>
      }>('given-up', count)
      tell(
        `${count} appends given up at once`,
        `longest pause ${longestPauseMs.toFixed(0)} ms`,
        'at most 50 ms for 20,000',
      )
      const { neverSent = 0, written = 0 } = outcomes
      tell(`${written} tokens`, `${(resolveCpuMs / 1000).toFixed(2)} s of CPU`, 'under 2 s for 10,000')
      assert.deepEqual(outcomes, { neverSent, written: count - neverSent })
      assert.ok(written > 0, 'nothing was sent')
    }
  },
  TIMEOUT_MS,
)
