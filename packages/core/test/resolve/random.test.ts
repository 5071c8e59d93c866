import assert from 'node:assert/strict'
import { type CallDetails, type FaultPlan, seededRandom } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import type { AppendResolution, AppendResult, Message, ReadOnlyWAL, WAL } from '../../src/index.js'
import { cleanLogs, faulty, message, open, openReader, pause, textOf, within } from '../harness.js'

cleanLogs()

/** Waits are shortened, so that a second has time for many faults. */
const runtime = () => ({
  ...systemRuntime,
  setTimeout: (run: () => void, ms: number, options?: { background?: boolean }) =>
    systemRuntime.setTimeout(run, ms > 1000 ? ms : ms / 20, options),
})

const seeds = process.env.WAL_TEST_SEED
  ? [Number(process.env.WAL_TEST_SEED)]
  : [1, 2, 3].map((i) => i + (Date.now() % 1e6) * 10)
const FAULTS = ['fail', 'write-then-fail', 'duplicate-then-fail', 'duplicate', 'fence', 'delay'] as const
const CHANCE = 0.35 / FAULTS.length

/** The messages of one call whose outcome is unknown, in order: those for which its token stands. */
interface Left {
  readonly names: readonly string[]
  readonly token: string
  readonly answers: AppendResolution[]
}

for (const seed of seeds)
  test(`under random faults resolve says what the log delivers, seed ${seed}`, {
    timeout: 180_000,
  }, async () => {
    const random = seededRandom(seed)
    const backend = faulty({ seed })
    // This writer hangs when the next one opens. Its unsent messages are never stored.
    let hanging = -1
    const plan: FaultPlan = {
      probabilities: {
        ...Object.fromEntries(FAULTS.map((fault) => [fault, { append: CHANCE }])),
        fail: { append: CHANCE, next: 0.03 },
        cut: { next: 0.03 },
      },
      readBytes: () => 200 + Math.floor(random() * 20_000),
      script: {
        append: ({ writer, batch }: CallDetails) =>
          writer?.term === hanging && batch?.sequence !== 0 ? backend.hang() : undefined,
      },
    }
    backend.plan = plan
    const options = {
      builder: backend.builder,
      budgetBytes: 4 << 20,
      batchBytes: 4 << 10,
      timeTickMs: 5,
      closeTimeoutMs: 20,
    }
    const left: Left[] = []
    const acked = new Map<string, AppendResult>()
    const counts = { written: 0, partly: 0, 'not-written': 0, WAL_POSITION_TRUNCATED: 0 }
    let made = 0
    let truncatedUpTo = -1n

    /** Messages in small batches, between which messages of other calls may lie. */
    async function append(wal: WAL): Promise<void> {
      const names = Array.from(
        { length: random() < 0.4 ? 1 : 1 + Math.floor(random() * 12) },
        () => `${made++}`,
      )
      const impatient = hanging === wal.channel.term || random() < 0.6
      const choices = impatient ? { timeoutMs: 1 + Math.floor(random() * 12) } : {}
      const messages = names.map((name) => message(name.padEnd(100 + Math.floor(random() * 1500), '.')))
      const [first] = messages
      try {
        const results =
          names.length === 1 && first !== undefined
            ? [await wal.append(first, choices)]
            : await wal.appendBatch(messages, choices)
        for (const [i, result] of results.entries()) acked.set(names[i] as string, result)
      } catch (reason) {
        const error = reason as { results?: AppendResult[]; outcome?: string; token?: string }
        const { results = [], outcome, token } = error
        for (const [i, result] of results.entries()) acked.set(names[i] as string, result)
        if (outcome !== 'unknown') return
        assert.equal(typeof token, 'string', String(reason))
        left.push({ names: names.slice(results.length), token: token as string, answers: [] })
      }
    }

    async function resolve(log: ReadOnlyWAL, one: Left): Promise<void> {
      try {
        const answer = await log.resolve(one.token)
        one.answers.push(answer)
        counts[answer.outcome]++
      } catch (reason) {
        const { code } = reason as { code: string }
        if (code === 'WAL_POSITION_TRUNCATED') counts[code]++
        // The writer has ended or the log was truncated. At the end every token is resolved again.
        if (code !== 'WAL_POSITION_TRUNCATED' || truncatedUpTo < 0n)
          assert.match(code, /^WAL_(CLOSED|FENCED|UNAVAILABLE)$/, String(reason))
      }
    }

    const delivered = new Map<string, Message>()
    let reached = -1n
    const clean = await open({ timeTickMs: 60_000, runtime: runtime() })
    const reader = await openReader()
    const following = (async () => {
      for await (const each of reader.read()) {
        const name = textOf(each).replaceAll('.', '')
        assert.equal(delivered.has(name), false, `${name} was delivered twice`)
        delivered.set(name, each)
        reached = each.timeTick
      }
    })()
    following.catch(() => {})
    await clean.close()

    let wal = await open({ ...options, runtime: runtime() })
    const working: Promise<void>[] = []
    const happened = () => Object.values(counts).every((count) => count > 0)
    for (let round = 0; round < 120 || (round < 1500 && !happened()); round++) {
      for (let i = 0; i < 4; i++) working.push(append(wal))
      const recent = left.slice(-12)
      const some = recent[Math.floor(random() * recent.length)]
      if (some !== undefined) working.push(resolve(random() < 0.5 ? wal : reader, some))
      if (round % 40 === 39) {
        const doomed = await open({ ...options, runtime: runtime() })
        hanging = doomed.channel.term
        await Promise.all([append(doomed), append(doomed)])
        wal = await open({ ...options, runtime: runtime() })
        backend.letGo()
      }
      if (round % 90 === 50) {
        // Without faults, since a truncation after refused appends may free the record with the log's identity.
        backend.plan = {}
        const { position, timeTick } = await wal.append(message(`t${round}`))
        while (reached < timeTick) await pause(1)
        truncatedUpTo = timeTick
        await wal.truncate(position)
        backend.plan = plan
      }
      await pause(random() * 3)
    }
    backend.plan = {}
    backend.letGo()
    await within(Promise.all(working), 60_000)
    const last = await open({ timeTickMs: 60_000, runtime: runtime() })
    const end = await last.append(message('the end'))
    while (reached < end.timeTick) await pause(1)
    // All tokens are resolved at once, on a writer and on a reader.
    await within(Promise.all(left.flatMap((one) => [resolve(last, one), resolve(reader, one)])), 60_000)

    for (const name of acked.keys()) assert.ok(delivered.has(name), `${name} was acknowledged and is lost`)
    for (const { names, answers } of left) {
      const stored = names.filter((name) => delivered.has(name))
      assert.deepEqual(stored, names.slice(0, stored.length), 'not a prefix')
      const expected =
        stored.length === 0 ? 'not-written' : stored.length === names.length ? 'written' : 'partly'
      for (const answer of answers) {
        assert.equal(answer.outcome, expected, names.join())
        if (answer.outcome === 'not-written') continue
        assert.deepEqual(
          answer.results.map(({ timeTick }) => timeTick),
          stored.map((name) => delivered.get(name)?.timeTick),
        )
      }
    }
    for (const [what, count] of Object.entries(counts)) assert.ok(count > 0, `${what} never happened`)
    await reader.close()
    await following
  })
