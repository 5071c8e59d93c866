import assert from 'node:assert/strict'
import { resetMemory, seededRandom } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import fc from 'fast-check'
import { test } from 'vitest'
import type { ReadOnlyWAL, ReadOptions, ScannerElement } from '../src/index.js'
import { type ForeignParts, foreignLog } from './foreign-log.js'
import { cleanLogs, faulty, openReader, textOf, within } from './harness.js'

cleanLogs()

const runtime = {
  ...systemRuntime,
  setTimeout: (run: () => void, ms: number) => systemRuntime.setTimeout(run, Math.min(ms, 1)),
}

type Stored = Required<Pick<ForeignParts, 'timeTick' | 'text' | 'tick' | 'term' | 'lastConfirmed'>>

/** Decides every random choice: numbers from 0 to 1, one for each. */
type Chance = () => number

/**
 * A log as concurrent appends leave it. Time ticks rise as they are given out, but records are stored in another order; a tick follows
 * when everything below it is stored. Sometimes a record is stored below a tick, a newer term opens with a tick above
 * all, or an older term goes on writing.
 */
function makeLog(steps: readonly number[], chance: Chance): Stored[] {
  const log: Stored[] = []
  const flying: number[] = []
  let timeTick = 0
  let term = 1
  let highestTick = 0
  const store = (parts: { timeTick: number; tick?: boolean; term?: number }) => {
    const number = log.length + 1
    const above = log.findIndex((each) => each.timeTick > parts.timeTick)
    const highest = above < 0 ? number : above + 1
    // Any id that is low enough is right. Real ones are often lower than necessary.
    const lastConfirmed = Math.max(1, highest - Math.floor(chance() * 4))
    log.push({ tick: false, term, text: String(number), lastConfirmed, ...parts })
  }
  for (const step of steps) {
    if (step < 40) flying.push(++timeTick)
    else if (step < 75 && flying.length > 0) {
      const [landed] = flying.splice(Math.floor(chance() * flying.length), 1)
      store({ timeTick: landed as number })
    } else if (step < 92) {
      highestTick = Math.max(highestTick, Math.min(timeTick, ...flying.map((each) => each - 1)))
      store({ timeTick: highestTick, tick: true })
    } else if (step < 95 && highestTick > 1) {
      store({ timeTick: 1 + Math.floor(chance() * (highestTick - 1)), tick: chance() < 0.2 })
    } else if (step < 98) {
      flying.length = 0
      term += 1 + Math.floor(chance() * 2)
      highestTick = ++timeTick
      store({ timeTick, tick: true })
    } else if (term > 1) store({ timeTick: ++timeTick, term: term - 1, tick: chance() < 0.3 })
  }
  return log
}

interface Expected {
  readonly text: string
  readonly kind: ScannerElement['kind']
  readonly storedAt: number
}

/** The messages that have to be delivered, worked out by the simplest program. */
function expectedOf(log: readonly Stored[]): Expected[] {
  const expected: Expected[] = []
  let settled = -1
  for (const [i, record] of log.entries()) {
    if (log.slice(0, i).some((before) => before.term > record.term)) continue
    const late = record.timeTick < settled
    if (late) expected.push({ text: record.text, kind: 'orderViolation', storedAt: i + 1 })
    else if (record.tick) {
      const before = settled
      settled = record.timeTick
      const newly = [...log.entries()].filter(
        ([at, each]) =>
          at < i && !each.tick && each.timeTick > before && each.timeTick <= settled && isCurrent(log, at),
      )
      newly.sort(([one, a], [other, b]) => a.timeTick - b.timeTick || one - other)
      for (const [at, each] of newly) expected.push({ text: each.text, kind: 'message', storedAt: at + 1 })
      expected.push({ text: String(settled), kind: 'timeTick', storedAt: i + 1 })
    } else if (record.timeTick === settled)
      expected.push({ text: record.text, kind: 'message', storedAt: i + 1 })
  }
  return expected
}

function isCurrent(log: readonly Stored[], at: number): boolean {
  return !log.slice(0, at).some((before) => before.term > (log[at] as Stored).term)
}

const everything = { timeTicks: true, orderViolations: 'deliver' } as const

async function read(log: ReadOnlyWAL, options: Omit<ReadOptions, 'gaps'>, count: number) {
  const seen: { text: string; kind: string; position: string }[] = []
  if (count === 0) return seen
  const scanner = log.read({ ...options, ...everything })
  for await (const each of scanner) {
    const text =
      each.kind === 'timeTick' ? String(each.timeTick) : textOf(each.kind === 'message' ? each : each.message)
    seen.push({ text, kind: each.kind, position: each.position })
    if (seen.length === count) break
  }
  return seen
}

test('each record of another system’s log is delivered once, in order or as a violation, from every start and interleaving', async () => {
  const events = { late: 0, void: 0, shared: 0, restarts: 0, outOfOrder: 0 }
  const steps = fc.array(fc.nat({ max: 99 }), { minLength: 40, maxLength: 90 })
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (each, seed) => {
      resetMemory()
      const chance = seededRandom(seed)
      const stored = makeLog(each, chance)
      if (stored.length === 0) return
      const expected = expectedOf(stored)
      const writer = await foreignLog()
      const half = Math.floor(stored.length / 2) + 1
      await writer.append(...stored.slice(0, half))
      const backend = faulty()
      let restarts = 0
      backend.plan = {
        readBytes: () => 1 + Math.floor(chance() * 400),
        script: {
          next: () => {
            if (chance() > 0.15) return undefined
            restarts++
            return chance() < 0.5 ? 'fail' : 'cut'
          },
        },
      }
      const reader = await openReader({ builder: backend.builder, runtime })
      const names = expected.map(({ text, kind }) => ({ text, kind }))
      const reading = read(reader, {}, expected.length)
      await writer.append(...stored.slice(half))
      const seen = await within(reading, 20_000)
      assert.deepEqual(
        seen.map(({ text, kind }) => ({ text, kind })),
        names,
      )
      for (const i of new Set([
        0,
        seen.length - 1,
        Math.floor(chance() * seen.length),
        Math.floor(chance() * seen.length),
      ])) {
        const at = seen[i]
        if (at === undefined) continue
        const after = await within(read(reader, { after: at.position }, names.length - i - 1), 20_000)
        assert.deepEqual(
          after.map(({ text, kind }) => ({ text, kind })),
          names.slice(i + 1),
          `after ${i}`,
        )
        const from = await within(read(reader, { from: at.position }, names.length - i), 20_000)
        assert.deepEqual(
          from.map(({ text, kind }) => ({ text, kind })),
          names.slice(i),
          `from ${i}`,
        )
        // Positions of a reader that itself resumed work too.
        const later = Math.floor(chance() * after.length)
        const next = after[later]
        if (next === undefined) continue
        const rest = names.slice(i + later + 2)
        const again = await within(read(reader, { after: next.position }, rest.length), 20_000)
        assert.deepEqual(
          again.map(({ text, kind }) => ({ text, kind })),
          rest,
          `after ${i}, then ${later}`,
        )
      }
      await reader.close()
      events.restarts += restarts
      events.late += expected.filter((one) => one.kind === 'orderViolation').length
      events.void += stored.filter((_, at) => !isCurrent(stored, at)).length
      events.outOfOrder += expected.filter(
        (one, at) => one.storedAt < (expected[at - 1]?.storedAt ?? 0),
      ).length
      events.shared += stored.filter(
        (one) => one.tick && stored.some((other) => !other.tick && other.timeTick === one.timeTick),
      ).length
    }),
    { numRuns: 120 },
  )
  for (const [event, times] of Object.entries(events))
    assert.ok(times > 20, `${event} happened ${times} times`)
}, 240_000)
